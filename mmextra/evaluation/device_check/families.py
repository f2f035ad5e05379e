"""One small model of every family, and data for it."""
from pathlib import Path
from typing import Any, Dict, Iterable, NamedTuple, Optional, Union

from mmengine.config import Config

from mmextra.synthetic import GENERATORS


class Family(NamedTuple):
    """A config on synthetic data.

    Attributes:
        config (str): Path below the configs, without suffix.
        data (str): Name of the generator.
        model (str, optional): Another config, whose model is taken instead.
        changes (dict): Config key to value.
        peer (str, optional): The stock family that it is compared with.
    """
    config: str
    data: str
    model: Optional[str] = None
    changes: Dict[str, Any] = {}
    peer: Optional[str] = None


_TWO_IMAGES = {'train_dataloader.batch_size': 2}
# Untrained heads are sure of nothing, and post-processing of nothing is no
# test; few candidates, for rotated NMS on a CPU is slow.
_SOMETHING = {'model.test_cfg.score_thr': 0., 'model.test_cfg.nms_pre': 100}
# Or another order of proposals draws other samples.
_ALL_ROIS = {'model.train_cfg.rcnn.sampler.num': 512}
FAMILIES = {
    'LARSD': Family(
        'larsd/synthetic', 'harbour', changes=_SOMETHING,
        peer='rotated RetinaNet'),
    'LARSD without anchors': Family(
        'larsd/synthetic-p2_diamond9', 'harbour', changes=_SOMETHING,
        peer='rotated RetinaNet'),
    'rotated RetinaNet': Family(
        'larsd/synthetic', 'harbour', model='larsd/marina-rotated_retinanet',
        changes=_SOMETHING),
    'LCB-YOLOv5s': Family(
        'lcb_yolov5/synthetic', 'aerial', changes=_TWO_IMAGES,
        peer='YOLOX-s'),
    'YOLOv5s': Family(
        'lcb_yolov5/synthetic-yolov5s', 'aerial', changes=_TWO_IMAGES,
        peer='YOLOX-s'),
    'YOLOX-s': Family(
        'lcb_yolov5/synthetic', 'aerial', model='lcb_yolov5/visdrone-yolox_s',
        changes={**_TWO_IMAGES, 'model.bbox_head.num_classes': 4,
                 'model.test_cfg.score_thr': 0.}),
    'GCN-FSOD': Family(
        'gcn_fsod/synthetic-5shot', 'toys', changes=_ALL_ROIS,
        peer='Attention RPN'),
    'Attention RPN': Family(
        'gcn_fsod/synthetic-5shot-attention_rpn', 'toys', changes=_ALL_ROIS),
    'TFA': Family('gcn_fsod/synthetic-5shot-tfa', 'toys'),
    'feature forecast': Family(
        'feature_forecast/synthetic', 'moving_objects', peer='SSDLite'),
    'SSDLite': Family('feature_forecast/synthetic-pretrain',
                      'moving_objects'),
    'lesion Mask R-CNN': Family(
        'covid_ct_mask_net/synthetic', 'ct',
        changes={'model.test_cfg.rcnn.score_thr': 0.}, peer='Mask R-CNN'),
    'Mask R-CNN': Family(
        'covid_ct_mask_net/synthetic', 'ct',
        model='covid_ct_mask_net/covid_semiseg-mask_rcnn_r50',
        changes={'model.roi_head.bbox_head.num_classes': 2,
                 'model.roi_head.mask_head.num_classes': 2,
                 'model.test_cfg.rcnn.score_thr': 0.}),
    'COVID-CT-Mask-Net': Family(
        'covid_ct_mask_net/synthetic-classifier', 'ct', changes=_TWO_IMAGES),
}
# Where the synthetic configs look for what a generator makes.
FOLDERS = dict(
    aerial='synthetic_aerial',
    ct='synthetic_ct',
    harbour='synthetic_harbour',
    moving_objects='synthetic_video',
    toys='synthetic_toys')
# Enough for the first batches, and shots of every class.
AMOUNTS: Dict[str, Dict[str, int]] = dict(
    aerial=dict(num_train=8, num_val=2, num_test=2),
    ct=dict(num_train=9, num_val=3, num_test=3),
    harbour=dict(num_train=8, num_val=2, num_test=2),
    moving_objects=dict(num_train=8, num_val=2, num_test=2),
    toys=dict(num_train=40, num_val=40, num_test=8))


def make_data(root: Union[str, Path], names: Iterable[str]) -> None:
    """Write data sets, where they are not there yet.

    Args:
        root (str or Path): Folder of data sets.
        names (Iterable[str]): Names of generators.
    """
    for data in sorted(set(names)):
        GENERATORS[data](Path(root) / FOLDERS[data], **AMOUNTS[data])


def _move(node: Any, root: str) -> Any:
    """The same with every ``data/...`` below another folder."""
    if isinstance(node, dict):
        return {key: _move(value, root) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return type(node)(_move(value, root) for value in node)
    if isinstance(node, str) and node.startswith('data/'):
        return f'{root}/{node[len("data/"):]}'
    return node


def family_config(family: Union[str, Family],
                  configs: Union[str, Path],
                  root: Union[str, Path] = 'data') -> Config:
    """The config of a family.

    Args:
        family (str or Family): Key of :data:`FAMILIES`, or one of one's own.
        configs (str or Path): Folder of configs.
        root (str or Path): Folder of data sets.

    Returns:
        Config: The config; no weights are loaded.

    Raises:
        KeyError: If there is no such family.
    """
    if isinstance(family, str):
        if family not in FAMILIES:
            raise KeyError(
                f'no family {family!r}; there are {sorted(FAMILIES)}')
        family = FAMILIES[family]
    cfg = Config.fromfile(Path(configs) / f'{family.config}.py')
    if family.model:
        cfg.model = Config.fromfile(Path(configs) / f'{family.model}.py').model
    cfg.merge_from_dict(dict(family.changes))
    return Config(_move(cfg.to_dict(), str(root)))
