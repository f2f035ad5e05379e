"""Boxes in single precision, whatever autocast makes of the maps."""
from typing import Any, List, Sequence

from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor, nn

from .clip_maps import Feats


def in_float(outputs: Any) -> Any:
    """Tensors in lists and tuples of any depth as float32.

    NMS on a CPU knows no half precision, in which autocast leaves them.
    """
    if isinstance(outputs, (list, tuple)):
        return type(outputs)(in_float(each) for each in outputs)
    return outputs.float() if isinstance(outputs, Tensor) else outputs


def find_boxes(head: nn.Module, maps: Feats,
               samples: Sequence[DetDataSample], **kwargs
               ) -> List[InstanceData]:
    """What a dense head finds, in single precision from its outputs on.

    Args:
        head (nn.Module): The head.
        maps (tuple[Tensor]): Its input.
        samples (Sequence[DetDataSample]): The frames.
        **kwargs: Of ``predict_by_feat``.

    Returns:
        list[InstanceData]: Detections of each frame.
    """
    return head.predict_by_feat(
        *in_float(head(maps)),
        batch_img_metas=[sample.metainfo for sample in samples], **kwargs)
