"""Tell at the start of a training whether the anchors fit the boxes."""
from mmdet.registry import HOOKS
from mmdet.structures.bbox import get_box_tensor
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmextra.models.task_modules.prior_generators import anchor_fit

from .first_boxes_hook import FirstBoxesHook


@HOOKS.register_module()
class AnchorCheckHook(FirstBoxesHook):
    """Log which share of the boxes a YOLOv5 head's anchors can match.

    A box is matched when both of its sides differ from an anchor's by less
    than the assigner's ``ratio_thr``. YOLOv5 looks for other anchors below a
    share of 0.98; this hook warns then, and names the command.

    Args:
        num_boxes (int): See :class:`FirstBoxesHook`.
        good (float): Share from which on nothing need be done.

    Raises:
        ValueError: If the model's head has no such anchors, or ``num_boxes``
            is not positive.
    """

    def __init__(self, num_boxes: int = 1000, good: float = 0.98) -> None:
        super().__init__(num_boxes)
        self.good = good

    def find_head(self, model: nn.Module) -> nn.Module:
        """See :class:`FirstBoxesHook`."""
        head = getattr(model, 'bbox_head', None)
        threshold = getattr(
            getattr(head, 'assigner', None), 'ratio_thr', None)
        if threshold is None or not hasattr(head, 'anchors'):
            raise ValueError(
                'AnchorCheckHook checks the anchors of a YOLOv5Head, not '
                f'those of {type(head).__name__}; leave it out of '
                'custom_hooks')
        return head

    def sides(self, instances: InstanceData) -> Tensor:
        """See :class:`FirstBoxesHook`."""
        boxes = get_box_tensor(instances.bboxes)
        return boxes[:, 2:] - boxes[:, :2]

    def report(self, runner: Runner, head: nn.Module, sides: Tensor) -> None:
        """See :class:`FirstBoxesHook`."""
        anchors = head.anchors.detach().reshape(-1, 2).to(sides)
        recall, per_box = anchor_fit(sides, anchors, head.assigner.ratio_thr)
        text = (f'anchors can match {100 * recall:.2f} % of the first '
                f'{len(sides)} boxes, {per_box:.2f} anchors per box')
        if recall >= self.good:
            runner.logger.info(text)
        else:
            runner.logger.warning(
                f'{text}. Boxes without an anchor are never learnt. See '
                'tools/analysis_tools/kmeans_anchors.py CONFIG --groups 1 '
                f'--clusters {len(anchors)} for other anchors')
