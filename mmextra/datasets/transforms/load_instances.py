"""Annotations for metrics that need them as the data set holds them."""
from mmdet.datasets.transforms import LoadAnnotations
from mmdet.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadInstances(LoadAnnotations):
    """``LoadAnnotations`` that leaves ``instances`` in every result.

    A test pipeline whose ``PackDetInputs`` has ``'instances'`` among its
    ``meta_keys``, as ``CocoMetric`` without ``ann_file`` and
    ``DetPRMetric`` need it, otherwise fails on a picture that comes from no
    data set, for example in ``inference_detector``.

    Args:
        **kwargs: See :class:`mmdet.datasets.transforms.LoadAnnotations`.
    """

    def transform(self, results: dict) -> dict:
        """Load the annotations; none for a picture without."""
        results.setdefault('instances', [])
        return super().transform(results)
