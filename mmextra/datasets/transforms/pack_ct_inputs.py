"""Pack CT slices with what is known about them."""
from typing import Sequence

from mmdet.datasets.transforms import PackDetInputs
from mmdet.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackCTInputs(PackDetInputs):
    """``PackDetInputs`` whose further keys may be missing.

    So that one test pipeline serves a data set with labels and a single
    image without (``tools/image_demo.py``). What a metric needs and does not
    find, it tells.

    Args:
        optional_keys (Sequence[str]): Meta keys to pack where they exist.
        meta_keys (Sequence[str]): Meta keys that must exist.
    """

    def __init__(self,
                 optional_keys: Sequence[str] = ('img_label', 'patient_id',
                                                 'scan_id', 'instances'),
                 meta_keys: Sequence[str] = ('img_id', 'img_path',
                                             'ori_shape', 'img_shape',
                                             'scale_factor')) -> None:
        super().__init__(meta_keys=meta_keys)
        self.optional_keys = optional_keys

    def transform(self, results: dict) -> dict:
        """Pack an image.

        Args:
            results (dict): Result of the pipeline.

        Returns:
            dict: ``inputs`` and ``data_samples``, see ``PackDetInputs``.
        """
        packed = super().transform(results)
        packed['data_samples'].set_metainfo({
            key: results[key] for key in self.optional_keys if key in results
        })
        return packed
