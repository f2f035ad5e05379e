from .gcn_fsod import GCNFSOD, AttentionRPNDetector
from .query_support_detector import QuerySupportDetector
from .tfa import TFA

__all__ = ['AttentionRPNDetector', 'GCNFSOD', 'QuerySupportDetector', 'TFA']
