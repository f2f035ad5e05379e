"""Horizontal, rotated and quadrilateral boxes told apart."""
from typing import Any

KINDS = {4: 'horizontal', 5: 'rotated', 8: 'quadrilateral'}


def require_rotated(boxes: Any, owner: str) -> None:
    """Refuse ground truth that is not of rotated boxes.

    Args:
        boxes (Tensor or BaseBoxes): (n, d) boxes.
        owner (str): Who needs them, for the message.

    Raises:
        ValueError: If d is not 5; it says what the pipeline lacks.
    """
    sides = boxes.shape[-1]
    if len(boxes) and sides != 5:
        raise ValueError(
            f'{owner} needs rotated boxes of 5 numbers (cx, cy, w, h, '
            f'angle), the ground truth has {KINDS.get(sides, "unknown")} '
            f'ones of {sides}: the pipeline lacks dict(type='
            "'ConvertBoxType', box_type_mapping=dict(gt_bboxes='rbox')) "
            'behind LoadAnnotations')
