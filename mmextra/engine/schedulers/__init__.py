from .group_multi_step_lr import GroupMultiStepLR

__all__ = ['GroupMultiStepLR']
