"""Instances from a semantic mask, for other data sets than CNCB's."""
from typing import Dict, Optional

from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SemSegToInstances(BaseTransform):
    """Connected regions of ``seg_map_path`` as ``instances``.

    Stands before ``LoadAnnotations``. Since instances are then unknown at
    load time, nothing can be filtered by them.

    Args:
        mapping (dict[int, int]): Code in the mask to label.
        background (tuple[int]): Further codes that may occur, beside 0.
        min_area (int): See
            :func:`mmextra.datasets.ct.lesions.lesion_instances`.
        connectivity (int): 8 or 4.
    """

    def __init__(self,
                 mapping: Optional[Dict[int, int]] = None,
                 background: tuple = (1, ),
                 min_area: int = 100,
                 connectivity: int = 8) -> None:
        self.mapping = {2: 0, 3: 0} if mapping is None else mapping
        self.background = tuple(background)
        self.min_area = min_area
        self.connectivity = connectivity

    def transform(self, results: dict) -> dict:
        """Read the mask.

        Args:
            results (dict): Needs ``seg_map_path``.

        Returns:
            dict: With ``instances``, ``height`` and ``width``.

        Raises:
            AnnotationError: If the mask cannot be used.
        """
        # The package of data sets imports the transforms.
        from ..ct.lesions import lesion_instances, read_lesion_mask
        mask = read_lesion_mask(
            results['seg_map_path'], {*self.mapping, *self.background})
        results['instances'] = lesion_instances(
            mask, self.mapping, self.min_area, self.connectivity)
        results['height'], results['width'] = mask.shape
        return results
