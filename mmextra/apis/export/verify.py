"""Comparing an exported model with the one in PyTorch."""
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple, Union

import numpy as np
import torch
from mmdet.apis import inference_detector
from mmdet.structures.bbox import get_box_tensor
from mmengine.registry import DefaultScope

from mmextra_runtime.images import read_image
from mmextra_runtime.results import Detections

from .plan import ExportError

BOX_TOLERANCE = 0.5
SCORE_TOLERANCE = 1e-3
# Of each image the boxes' difference, and what else there is.
Compared = Iterator[Tuple['Difference', Dict[str, float]]]
EXTENSIONS = ('.bmp', '.png', '.jpg', '.jpeg', '.tif', '.tiff')


@dataclass
class Difference:
    """How far the boxes of two runs lie apart.

    Attributes:
        boxes: Boxes of the first run.
        matched: Those with a box of their class within the tolerances.
        box: Largest difference of a coordinate of matched boxes, pixels; of
            an angle in degrees.
        score: Largest difference of their scores.
        pixels: Share of the masks' pixels that differ, of matched boxes.
    """
    boxes: int = 0
    matched: int = 0
    box: float = 0.
    score: float = 0.
    pixels: float = 0.

    def add(self, other: 'Difference') -> None:
        """Take in another image."""
        self.boxes += other.boxes
        self.matched += other.matched
        for name in ('box', 'score', 'pixels'):
            setattr(self, name, max(getattr(self, name),
                                    getattr(other, name)))


def compare(first: Detections, second: Detections) -> Difference:
    """Match every box with the nearest of its class.

    Boxes may stand in another order where scores are nearly equal.

    Args:
        first (Detections): The reference.
        second (Detections): The other run.

    Returns:
        Difference: The largest differences.
    """
    result = Difference(boxes=len(first))
    rest = np.ones(len(second), bool)
    for i in range(len(first)):
        index = np.nonzero((second.labels == first.labels[i]) & rest)[0]
        if not len(index):
            continue
        away = _box_difference(first.boxes[i], second.boxes[index])
        apart = np.abs(second.scores[index] - first.scores[i])
        cost = np.maximum(away / BOX_TOLERANCE, apart / SCORE_TOLERANCE)
        best = cost.argmin()
        if cost[best] > 1:
            continue
        rest[index[best]] = False
        pixels = 0.
        if first.masks is not None and second.masks is not None:
            own, other = first.masks[i], second.masks[index[best]]
            pixels = float((own != other).sum() / max(own.sum(), 1))
        result.add(Difference(0, 1, float(away[best]), float(apart[best]),
                              pixels))
    return result


def _box_difference(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Largest difference of a coordinate to each of several boxes."""
    away = np.abs(others - box)
    if away.shape[1] == 5:
        turn = np.abs((others[:, 4] - box[4] + np.pi / 2) % np.pi -
                      np.pi / 2)
        away[:, 4] = np.degrees(turn)
    return away.max(1)


def find_images(where: Union[str, Path, Sequence]) -> List[Path]:
    """Images that a path means: a file, a folder, or a list of them.

    Raises:
        ExportError: If there is none.
    """
    if not isinstance(where, (str, Path)):
        return [Path(each) for each in where]
    where = Path(where)
    found = [where] if where.is_file() else sorted(
        path for path in where.rglob('*')
        if path.suffix.lower() in EXTENSIONS) if where.is_dir() else []
    if not found:
        raise ExportError(f'there is no image {where}, and no folder of '
                          'images of that name')
    return found


def eager_detections(model: Any, image: Union[str, Path]
                     ) -> Tuple[Detections, Any]:
    """What the model in PyTorch finds.

    Args:
        model (nn.Module): With ``cfg``, as :func:`~.exporter.load_model`
            returns it.
        image (str or Path): The image.

    Returns:
        tuple[Detections, DetDataSample]: The boxes, and the sample that
        they come from.
    """
    with DefaultScope.overwrite_default_scope(
            model.cfg.get('default_scope', 'mmdet')), torch.no_grad():
        sample = inference_detector(model, str(image))
    return as_detections(sample.pred_instances), sample


def as_detections(found: Any) -> Detections:
    """Instances of mmdet as the runner's boxes."""
    boxes = get_box_tensor(found.bboxes).detach().float().numpy()
    masks = found.masks.numpy() if 'masks' in found else None
    return Detections(boxes, found.scores.detach().numpy(),
                      found.labels.numpy(), (), masks)


def verify(model: Any, runner: Any,
           images: Union[str, Path, Sequence],
           limit: int = 0) -> Dict[str, Any]:
    """Run both on images and compare.

    Args:
        model (nn.Module): As :func:`~.exporter.load_model` returns it.
        runner (Any): As :func:`mmextra_runtime.load` returns it.
        images (str, Path or Sequence): A file, a folder or several files.
        limit (int): Take so many only; 0 takes all.

    Returns:
        dict: ``images``, ``boxes``, ``matched``, the largest differences
        ``box_px``, ``score``, and ``mask_pixels`` or ``logit`` where there
        are such.
    """
    paths = find_images(images)
    paths = paths[:limit] if limit else paths
    compared = COMPARISONS[runner.task](model, runner, paths)
    total = Difference()
    extra: Dict[str, float] = {}
    for difference, more in compared:
        total.add(difference)
        for key, value in more.items():
            extra[key] = max(extra.get(key, 0.), value)
    return dict(images=len(paths), boxes=total.boxes, matched=total.matched,
                box_px=total.box, score=total.score, mask_pixels=total.pixels,
                **extra)


def _detect(model: Any, runner: Any, paths: Sequence[Path]) -> Compared:
    for path in paths:
        yield compare(eager_detections(model, path)[0],
                      runner(read_image(path))), {}


def _classify(model: Any, runner: Any, paths: Sequence[Path]) -> Compared:
    for path in paths:
        found, sample = eager_detections(model, path)
        own = runner(read_image(path))
        yield compare(found, own.rois), dict(
            logit=float(np.abs(sample.pred_img_logits.numpy() -
                               own.logits).max()),
            img_score=float(np.abs(sample.pred_img_scores.numpy() -
                                   own.scores).max()))


def eager_stream(model: Any, policy: Dict[str, Any]) -> Any:
    """A stream of the model in PyTorch, a :class:`StreamDetector`."""
    # Not at the top: a stream is one of several kinds of models.
    from ..stream_detector import StreamDetector, frame_pipeline
    with DefaultScope.overwrite_default_scope('mmdet'):
        return StreamDetector(model, frame_pipeline(model.cfg), policy=policy)


def _stream(model: Any, runner: Any, paths: Sequence[Path]) -> Compared:
    eager = eager_stream(model, runner.policy_settings)
    runner.reset()
    for path in paths:
        frame = read_image(path)
        if eager.needs_frame != runner.needs_frame:
            raise ExportError(f'{path}: graph and PyTorch do not agree on '
                              'whether the frame is needed')
        sample, own = eager.step(frame), runner.step(frame)
        confs = sample.forecast_conf, own.info['forecast_conf']
        apart = 0. if None in confs else abs(confs[0] - confs[1])
        yield compare(as_detections(sample.pred_instances), own), dict(
            conf=apart, forecasts=float(own.info['is_forecast']))


def _few_shot(model: Any, runner: Any, paths: Sequence[Path]) -> Compared:
    # Not at the top: a few-shot detector is one of several kinds of models.
    from ..few_shot import process_support_images
    # Without classes of its own it looks for the first pictures themselves.
    if runner.bank is None:
        shown = [str(path) for path in paths[:4]]
        names = [path.stem for path in paths[:4]]
        process_support_images(model, shown, names)
        runner.show(shown, names)
    yield from _detect(model, runner, paths)


COMPARISONS = dict(detect=_detect, classify=_classify, stream=_stream,
                   few_shot=_few_shot)
