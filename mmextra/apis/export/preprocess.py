"""What a config does to an image before the network, as plain data."""
from typing import Any, Dict, List, Optional, Sequence, Tuple

from mmengine.config import Config

from mmextra_runtime.images import padded_size, resized_size

# Steps that do not touch the pixels of an image of 8 bits.
SILENT = ('LoadImageFromFile', 'LoadAnnotations', 'LoadInstances',
          'LoadTrackAnnotations', 'ConvertBoxType', 'PackDetInputs',
          'PackTrackInputs', 'PackCTInputs', 'FilterAnnotations')
ZERO = dict(mean=[0., 0., 0.], std=[1., 1., 1.])


def test_pipeline(cfg: Config) -> List[dict]:
    """The steps of a config's test pipeline for one image.

    Args:
        cfg (Config): With a ``test_dataloader``.

    Returns:
        list[dict]: The steps; those of a ``TransformBroadcaster`` in its
        place.

    Raises:
        ValueError: If there is no test pipeline.
    """
    dataset = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    while 'pipeline' not in dataset and 'dataset' in dataset:
        dataset = dataset['dataset']
    if not dataset.get('pipeline'):
        raise ValueError('the config has no test_dataloader with a pipeline, '
                         'so it does not say how images are prepared')
    steps: List[dict] = []
    for step in dataset['pipeline']:
        steps += step['transforms'] if step['type'].endswith(
            'TransformBroadcaster') else [step]
    return steps


def image_spec(steps: Sequence[dict], preprocessor: dict) -> Dict[str, Any]:
    """``preprocess`` of ``meta.json``, see :mod:`mmextra_runtime.images`.

    Args:
        steps (Sequence[dict]): Of :func:`test_pipeline`.
        preprocessor (dict): Config of the model's data preprocessor.

    Returns:
        dict: ``resize``, ``pad``, ``batch_pad``, ``mean``, ``std`` and
        ``to_rgb``.

    Raises:
        ValueError: If a step is one that the runner has not.
    """
    spec: Dict[str, Any] = dict(resize=None, pad=None)
    for step in steps:
        name = step['type'].split('.')[-1]
        if name == 'Resize' and 'scale' in step and not spec['pad']:
            if spec['resize']:
                raise _unknown(step)
            scale = step['scale']
            scale = [scale] * 2 if isinstance(scale, int) else list(scale)
            spec['resize'] = dict(
                scale=scale, keep_ratio=bool(step.get('keep_ratio', False)))
            if step.get('interpolation', 'bilinear') != 'bilinear':
                raise _unknown(step)
        elif name == 'Pad' and not spec['pad']:
            value = step.get('pad_val', 0)
            if isinstance(value, dict):
                value = value.get('img', 0)
            size = step.get('size')
            spec['pad'] = dict(
                size=None if size is None else list(size),
                to_square=bool(step.get('pad_to_square', False)),
                divisor=step.get('size_divisor'),
                value=list(value) if isinstance(value, (list, tuple)) else
                value)
        elif name not in SILENT or step.get('to_float32'):
            raise _unknown(step)
    bgr_to_rgb = preprocessor.get('bgr_to_rgb', False)
    if preprocessor.get('rgb_to_bgr'):
        raise ValueError('data_preprocessor.rgb_to_bgr is not known to the '
                         'runner, which reads BGR as OpenCV does')
    for key, default in ZERO.items():
        value = preprocessor.get(key)
        spec[key] = [float(each) for each in (default if value is None
                                              else value)]
    spec['to_rgb'] = bool(bgr_to_rgb)
    spec['batch_pad'] = dict(
        divisor=preprocessor.get('pad_size_divisor', 1),
        value=preprocessor.get('pad_value', 0))
    return spec


def _unknown(step: dict) -> ValueError:
    return ValueError(
        f'the test pipeline has {dict(step)}, which the runner cannot do; it '
        'reads 8-bit images, resizes them to a scale, pads them and '
        'normalises. Prepare the images beforehand, and export a config '
        'without this step')


def fixed_size(spec: Dict[str, Any]) -> Optional[Tuple[int, int]]:
    """Size of the network's input, if it is the same for every image.

    Args:
        spec (dict): Of :func:`image_spec`.

    Returns:
        tuple[int, int]: Height and width, or None.
    """
    sizes = {input_size(spec, width, height)
             for width, height in ((640, 640), (640, 641), (2000, 300),
                                   (300, 2000), (1333, 1000), (77, 81))}
    return sizes.pop()[1] if len(sizes) == 1 else None


def input_size(spec: Dict[str, Any], width: int, height: int
               ) -> Tuple[Tuple[int, int], Tuple[int, int]]:
    """What becomes of an image's size.

    Args:
        spec (dict): Of :func:`image_spec`.
        width (int): Of the image.
        height (int): Of the image.

    Returns:
        tuple: Height and width that the network takes for the image, and
        those of its input, which the padding of batches may enlarge.
    """
    if spec['resize']:
        width, height = resized_size(width, height, spec['resize']['scale'],
                                     spec['resize']['keep_ratio'])
    if spec['pad']:
        width, height = padded_size(width, height, spec['pad'])
    wide, high = padded_size(width, height, spec['batch_pad'])
    return (height, width), (high, wide)
