"""What heads that compare RoIs with supports have in common."""
from typing import List, Optional

import torch
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.utils import ConfigType


class ComparisonBBoxHead(BBoxHead):
    """Base of heads that tell the class of a support from the rest.

    Args:
        in_channels (int): Channels of the RoI features.
        num_classes (int): 1.
        init_cfg (dict, optional): As in mmdet's ``BBoxHead``; by default
            normal with 0.01, of ``fc_reg`` with 0.001.
        kwargs: See mmdet's ``BBoxHead``.

    Raises:
        ValueError: If ``num_classes`` is another.
    """

    def __init__(self,
                 in_channels: int = 2048,
                 num_classes: int = 1,
                 init_cfg: Optional[dict] = None,
                 **kwargs) -> None:
        if num_classes != 1:
            raise ValueError('the head tells one class from the rest; '
                             f'num_classes must be 1, got {num_classes}')
        if init_cfg is None:
            init_cfg = dict(
                type='Normal', layer=['Conv2d', 'Linear'], std=0.01,
                override=dict(type='Normal', name='fc_reg', std=0.001))
        super().__init__(
            with_avg_pool=True,
            in_channels=in_channels,
            num_classes=1,
            reg_class_agnostic=True,
            init_cfg=init_cfg,
            **kwargs)

    def get_targets(self, sampling_results: List[SamplingResult],
                    rcnn_train_cfg: ConfigType,
                    concat: bool = True) -> tuple:
        """As stock, by one call for all pairs: the coder sends its means and
        deviations to a GPU with each.

        Args:
            sampling_results (list[:obj:`SamplingResult`]): Of P pairs.
            rcnn_train_cfg (dict): ``train_cfg`` of the second stage.
            concat (bool): One tensor for all pairs.

        Returns:
            tuple: As stock: labels, their weights, deltas and their weights,
            of each pair those of the positive samples first.
        """
        results = sampling_results
        targets = self._get_targets_single(
            *(torch.cat([getattr(each, name) for each in results])
              for name in ('pos_priors', 'neg_priors', 'pos_gt_bboxes',
                           'pos_gt_labels')), cfg=rcnn_train_cfg)
        counts = [len(each.pos_priors) for each in results] + [
            len(each.neg_priors) for each in results]
        own = []
        for target in targets:
            parts = target.split(counts)
            own.append([torch.cat(both) for both in zip(
                parts[:len(results)], parts[len(results):])])
        return tuple(torch.cat(each) for each in own) if concat else \
            tuple(own)
