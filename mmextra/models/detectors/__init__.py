from .covid_ct_mask_net import COVIDCTMaskNet
from .gcn_fsod import GCNFSOD, AttentionRPNDetector
from .query_support_detector import QuerySupportDetector
from .tfa import TFA

__all__ = [
    'AttentionRPNDetector', 'COVIDCTMaskNet', 'GCNFSOD',
    'QuerySupportDetector', 'TFA'
]
