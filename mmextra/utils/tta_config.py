"""What ``--tta`` of the stock test needs, from a config that lacks it."""
import copy
from typing import Any, List

from mmengine.config import Config, ConfigDict

from mmextra.utils.checks import check_choice

RESIZES = ('Resize', )
FLIPS = ('horizontal', 'vertical', 'diagonal')
META_KEYS = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor',
             'flip', 'flip_direction', 'quarter_turns')
# By the kind of box: what a photograph bears, and what a view from above.
UPRIGHT = dict(flips=['horizontal'], turns=[], scales=[])
ROTATED = dict(flips=['horizontal'], turns=[1], scales=[])


def kind(step: dict) -> str:
    """Name of a transform without the scope."""
    return str(step['type']).split('.')[-1]


def innermost_dataset(cfg: Config) -> ConfigDict:
    """The data set with the pipeline, inside of its wrappers."""
    dataset = cfg.test_dataloader.dataset
    while 'dataset' in dataset:
        dataset = dataset.dataset
    return dataset


def check_views_suit(cfg: Config) -> None:
    """Refuse models whose predictions cannot be merged over views.

    Args:
        cfg (Config): The config.

    Raises:
        ValueError: For video, few-shot and image classification models.
    """
    name = str(cfg.model.type).split('.')[-1]
    first = kind(innermost_dataset(cfg).pipeline[0])
    reason = ''
    if first.endswith('Broadcaster'):
        reason = ('it works on videos, and what it carries from frame to '
                  'frame belongs to one view')
    elif any(kind(hook) == 'SupportInitHook'
             for hook in cfg.get('custom_hooks', ())):
        reason = ('it compares with pictures of its classes, which would '
                  'have to be augmented alike')
    elif 'img_head' in cfg.model:
        reason = 'it classifies images, and there are no boxes to merge'
    if reason:
        raise ValueError(
            f'--tta: {name} has no test-time augmentation, for {reason}; '
            'leave --tta out')


def _rescaled(step: dict, factor: float) -> ConfigDict:
    """A resize to ``factor`` times its size."""
    step = copy.deepcopy(step)
    for key in ('scale', 'scale_factor'):
        if step.get(key) is not None:
            value = step[key]
            step[key] = tuple(int(round(v * factor)) for v in value) \
                if key == 'scale' and isinstance(value, (tuple, list)) \
                else value * factor
    return step


def tta_pipeline(pipeline: List[dict], flips: List[str], turns: List[int],
                 scales: List[float]) -> List[dict]:
    """A test pipeline that gives several views of each image.

    Args:
        pipeline (list[dict]): The config's, with a ``Resize`` and a packing
            step at its end.
        flips (list[str]): Directions beside the image as it is.
        turns (list[int]): Quarter turns beside the image as it is.
        scales (list[float]): Factors of the input size beside 1.

    Returns:
        list[dict]: Loading, and a ``TestTimeAug`` of the rest.

    Raises:
        ValueError: If there is nothing to resize, or a direction is none.
    """
    for flip in flips:
        check_choice('tta.flips', flip, FLIPS)
    places = [index for index, step in enumerate(pipeline)
              if kind(step) in RESIZES]
    if not places:
        raise ValueError(
            '--tta: the test pipeline has no Resize, so there is no place '
            'for the views; give a tta_pipeline in the config')
    place = places[0]
    pack = dict(copy.deepcopy(pipeline[-1]))
    own = tuple(pack.get('meta_keys', ()))
    pack['meta_keys'] = own + tuple(
        key for key in META_KEYS if key not in own)
    resize = pipeline[place]
    views: List[List[Any]] = [[resize, *(
        _rescaled(resize, factor) for factor in scales)]]
    views.append([dict(type='mmdet.RandomFlip', prob=0.), *(
        dict(type='mmdet.RandomFlip', prob=1., direction=flip)
        for flip in flips)])
    views.append([dict(type='QuarterTurn', turns=turn)
                  for turn in (0, *turns)])
    views += [[step] for step in pipeline[place + 1:-1]] + [[pack]]
    return [*pipeline[:place], dict(type='TestTimeAug', transforms=views)]


def add_tta(cfg: Config) -> Config:
    """Give a config the ``tta_model`` and ``tta_pipeline`` that it lacks.

    ``tta = dict(flips=[...], turns=[...], scales=[...])`` in the config (or
    by ``--cfg-options tta.scales=[0.8,1.25]``) replaces the views, which are
    a flip, and for rotated boxes a quarter turn as well.

    Args:
        cfg (Config): The config, changed in place.

    Returns:
        Config: The same.

    Raises:
        ValueError: If the model cannot be augmented, or a view is none.
    """
    check_views_suit(cfg)
    pipeline = innermost_dataset(cfg).pipeline
    rotated = any(
        'rbox' in str(step.get('box_type_mapping', ''))
        for step in pipeline) or cfg.get('default_scope') == 'mmrotate'
    views = dict(ROTATED if rotated else UPRIGHT, **cfg.get('tta', {}))
    unknown = sorted(set(views) - set(UPRIGHT))
    if unknown:
        raise ValueError(f'tta has no {unknown}; it has {sorted(UPRIGHT)}')
    if 'tta_pipeline' not in cfg:
        cfg.tta_pipeline = tta_pipeline(pipeline, **views)
    if 'tta_model' not in cfg:
        test_cfg = cfg.model.get('test_cfg') or {}
        test_cfg = test_cfg.get('rcnn') or test_cfg
        cfg.tta_model = dict(
            type='ViewsTTAModel',
            tta_cfg=dict(
                nms=test_cfg.get('nms', dict(type='nms', iou_threshold=0.5)),
                max_per_img=test_cfg.get('max_per_img', 100)))
    return cfg
