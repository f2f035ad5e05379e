"""Few-shot detection of one's own classes, without a Runner."""
from typing import Any, List, Optional, Sequence, Union

import numpy as np
import torch
from mmdet.models.detectors import BaseDetector
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.runner import CheckpointLoader
from torch import nn

from mmextra.models.detectors import find_few_shot_detector

from .init_detector import init_detector
from .tiled_inference import read_image

Image = Union[str, np.ndarray]


def init_few_shot_detector(config: Union[str, Config],
                           checkpoint: Optional[str] = None,
                           device: str = 'cuda:0',
                           **kwargs: Any) -> nn.Module:
    """A few-shot detector in evaluation mode, its support bank empty.

    A bank that ``SupportInitHook(keep=True)`` saved is loaded.

    Args:
        config (str or Config): The config.
        checkpoint (str, optional): The weights.
        device (str): Where to run it.
        kwargs: See :func:`init_detector`.

    Returns:
        nn.Module: The detector; show it classes by
        :func:`process_support_images`.

    Raises:
        TypeError: If the config is not of a few-shot detector.
        ValueError: If the checkpoint is of another model.
    """
    model = init_detector(config, checkpoint, device=device, **kwargs)
    detector = find_few_shot_detector(model)
    if checkpoint is not None:
        saved = CheckpointLoader.load_checkpoint(checkpoint, device)
        detector.support_bank = saved.get('support_bank', {})
    return model


def support_pipeline(cfg: Config) -> List[dict]:
    """The pipeline of supports after loading, as a config has it.

    Args:
        cfg (Config): With a ``SupportInitHook``.

    Returns:
        list[dict]: Its steps without those that load.

    Raises:
        ValueError: If there is no such hook.
    """
    for hook in cfg.get('custom_hooks', ()):
        if hook['type'] == 'SupportInitHook':
            return [step for step in hook['dataset']['pipeline']
                    if not step['type'].startswith('Load')]
    raise ValueError('the config has no SupportInitHook among its '
                     'custom_hooks, so it does not say how supports are '
                     'prepared')


def process_support_images(model: BaseDetector,
                           imgs: Sequence[Image],
                           labels: Sequence[Union[int, str]],
                           bboxes: Optional[Sequence[Sequence[float]]] = None,
                           classes: Optional[Sequence[str]] = None) -> None:
    """Show a detector the classes to look for.

    Replaces what it was shown before. The name is mmfewshot's.

    Args:
        model (BaseDetector): From :func:`init_few_shot_detector`.
        imgs (Sequence[str or np.ndarray]): Pictures, files or (H, W, 3)
            BGR; several may be of one class, and one picture may be given
            several times.
        labels (Sequence[int or str]): Class of each picture, as name or as
            position in ``classes``.
        bboxes (Sequence[Sequence[float]], optional): x1, y1, x2, y2 of the
            object in each picture, pixels; without it the whole picture.
        classes (Sequence[str], optional): Names of the classes. Without it,
            if labels are names, these in order of appearance, else the
            model's.

    Raises:
        ValueError: If the numbers differ, a label is not a class, or a box
            is empty or outside of its picture.
    """
    if not len(imgs) or len(imgs) != len(labels) or (
            bboxes is not None and len(bboxes) != len(imgs)):
        raise ValueError(
            f'give one label (and one box) per picture: got {len(imgs)} '
            f'pictures, {len(labels)} labels and '
            f'{"no" if bboxes is None else len(bboxes)} boxes')
    if classes is None:
        named = [label for label in labels if isinstance(label, str)]
        classes = tuple(dict.fromkeys(named)) or tuple(
            model.dataset_meta['classes'])
    numbers = [_label_number(label, classes) for label in labels]
    pipeline = Compose(support_pipeline(model.cfg))
    batches = []
    for index, (source, number) in enumerate(zip(imgs, numbers)):
        image = read_image(source)
        height, width = image.shape[:2]
        box = (0, 0, width, height) if bboxes is None else bboxes[index]
        if not (box[0] < box[2] and box[1] < box[3]):
            raise ValueError(f'box {index} is {list(box)}, but must be x1, '
                             'y1, x2, y2 with x1 < x2 and y1 < y2')
        item = pipeline(dict(
            img=image,
            img_id=index,
            img_path=source if isinstance(source, str) else None,
            img_shape=(height, width),
            ori_shape=(height, width),
            height=height,
            width=width,
            gt_bboxes=HorizontalBoxes(
                torch.as_tensor([tuple(box)], dtype=torch.float32)),
            gt_bboxes_labels=np.array([number]),
            gt_ignore_flags=np.zeros(1, bool)))
        batches.append({key: [value] for key, value in item.items()})
    detector: Any = find_few_shot_detector(model)
    detector.model_init(batches)
    model.dataset_meta = dict(model.dataset_meta or {},
                              classes=tuple(classes))


def _label_number(label: Union[int, str], classes: Sequence[str]) -> int:
    if isinstance(label, str):
        if label not in classes:
            raise ValueError(f'label {label!r} is not among the classes '
                             f'{tuple(classes)}')
        return list(classes).index(label)
    if not 0 <= label < len(classes):
        raise ValueError(f'label {label} is not a position in the classes '
                         f'{tuple(classes)}')
    return int(label)
