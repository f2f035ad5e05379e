from .covid_ct_mask_net import COVIDCTMaskNet

__all__ = ['COVIDCTMaskNet']
