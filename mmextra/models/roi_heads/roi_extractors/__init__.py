from .bag_roi_extractor import BagRoIExtractor

__all__ = ['BagRoIExtractor']
