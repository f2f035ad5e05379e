"""mmcv's compiled operations on a device, compared with the CPU's."""
from typing import Any, Callable, Dict, List

import torch
from mmcv.ops import (
    batched_nms,
    box_iou_rotated,
    nms,
    nms_rotated,
    roi_align,
    roi_align_rotated,
)
from torch import Tensor

OP_TOLERANCE = 1e-4


def _boxes() -> Dict[str, Tensor]:
    """Random boxes, scores, a map and RoIs, always the same."""
    random = torch.Generator().manual_seed(0)

    def rand(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random)

    corner, side = rand(200, 2) * 100, rand(200, 2) * 30 + 2
    return dict(
        boxes=torch.cat([corner, corner + side], 1),
        rotated=torch.cat([corner, side, rand(200, 1) * 3 - 1.5], 1),
        scores=rand(200),
        labels=torch.arange(200) % 3,
        feature=rand(2, 8, 32, 32),
        rois=torch.cat([torch.arange(200)[:, None] % 2, corner,
                        corner + side], 1))


def _roi_align(t: Dict[str, Tensor]) -> List[Tensor]:
    feature = t['feature'].clone().requires_grad_()
    # With backward, which has a kernel of its own.
    found = roi_align(feature, t['rois'], (7, 7), 0.25, 2, 'avg', True)
    found.square().sum().backward()
    return [found.detach(), feature.grad]


OPS: Dict[str, Callable[[Dict[str, Tensor]], Any]] = {
    'nms': lambda t: nms(t['boxes'], t['scores'], .5),
    'batched_nms': lambda t: batched_nms(
        t['boxes'], t['scores'], t['labels'],
        dict(type='nms', iou_threshold=.5)),
    'nms_rotated': lambda t: nms_rotated(t['rotated'], t['scores'], .3),
    'box_iou_rotated': lambda t: [
        box_iou_rotated(t['rotated'][:50], t['rotated'][50:])],
    'roi_align': _roi_align,
    'roi_align_rotated': lambda t: [roi_align_rotated(
        t['feature'], torch.cat([t['rois'][:, :1], t['rotated']], 1),
        (7, 7), 0.25, 2)],
}


def check_ops(device: str) -> List[Dict[str, Any]]:
    """Run every operation on a device and on the CPU.

    Args:
        device (str): The device.

    Returns:
        list[dict]: For each ``name``, ``difference`` (the largest),
        ``passed`` and ``problem`` (empty if there is none).
    """
    rows = []
    for name, op in OPS.items():
        row: Dict[str, Any] = dict(name=name, difference=None, problem='')
        try:
            wanted = op(_boxes())
            found = op({k: v.to(device) for k, v in _boxes().items()})
            if [a.shape for a in found] != [b.shape for b in wanted]:
                row['problem'] = 'results of another size'
            else:
                row['difference'] = max(
                    float((a.cpu() - b).abs().max())
                    for a, b in zip(found, wanted))
        except Exception as error:  # one must not end the others
            row['problem'] = f'{type(error).__name__}: {error}'.split('\n')[0]
        row['passed'] = not row['problem'] and \
            row['difference'] <= OP_TOLERANCE
        rows.append(row)
    return rows
