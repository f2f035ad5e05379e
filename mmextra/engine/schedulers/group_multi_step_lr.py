"""A step schedule for some of the parameter groups (Section 4.2)."""
from typing import List

from mmdet.registry import PARAM_SCHEDULERS
from mmengine.optim import MultiStepLR

DEFAULT_GROUP = 'main'


@PARAM_SCHEDULERS.register_module()
class GroupMultiStepLR(MultiStepLR):
    """``MultiStepLR`` of the parameter groups with one tag.

    Tag groups by ``paramwise_cfg``; those without tag are ``'main'``::

        optim_wrapper = dict(paramwise_cfg=dict(custom_keys={
            'scheduler.': dict(lr_mult=0.1, tag='scheduler')}))

    Args:
        optimizer (Optimizer or OptimWrapper): The optimizer.
        *args: See :class:`mmengine.optim.MultiStepLR`.
        group (str): Tag of the groups that it drives.
        **kwargs: See there.

    Raises:
        ValueError: If no group has the tag.
    """

    def __init__(self, optimizer, *args, group: str = DEFAULT_GROUP,
                 **kwargs) -> None:
        self.group = group
        tags = {self._tag(each) for each in optimizer.param_groups}
        if group not in tags:
            raise ValueError(
                f'GroupMultiStepLR(group={group!r}): the optimizer has the '
                f'groups {sorted(tags)}; tag one by paramwise_cfg=dict('
                f"custom_keys={{'name.': dict(tag={group!r})}})")
        # The base class already steps once.
        super().__init__(optimizer, *args, **kwargs)

    @staticmethod
    def _tag(group: dict) -> str:
        return group.get('tag', DEFAULT_GROUP)

    def _get_value(self) -> List[float]:
        """New rates of the groups with the tag, present ones of others."""
        return [
            new if self._tag(group) == self.group else group[self.param_name]
            for new, group in zip(super()._get_value(),
                                  self.optimizer.param_groups)
        ]
