"""Runs detectors that ``tools/export.py`` wrote, without PyTorch.

Needs numpy, opencv and onnxruntime alone::

    from mmextra_runtime import load

    detector = load('exported')            # a folder of tools/export.py
    found = detector('harbour.png')        # boxes, scores, labels

The class that :func:`load` returns depends on the model: see
:class:`Detector`, :class:`ImageClassifier`, :class:`StreamDetector` and
:class:`FewShotDetector`.
"""
from .classifier import ImageClass, ImageClassifier
from .detector import Detector
from .few_shot import FewShotDetector, SupportBank
from .folder import ExportedFolder
from .images import read_image
from .loading import load
from .results import Detections
from .stream import StreamDetector

__all__ = [
    'Detections', 'Detector', 'ExportedFolder', 'FewShotDetector',
    'ImageClass', 'ImageClassifier', 'StreamDetector', 'SupportBank', 'load',
    'read_image'
]
