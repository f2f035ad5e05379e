"""Runs detectors that ``tools/export.py`` wrote, without PyTorch.

Needs numpy, opencv and onnxruntime alone::

    from mmextra_runtime import load

    detector = load('exported')            # a folder of tools/export.py
    found = detector('harbour.png')        # boxes, scores, labels

The class that :func:`load` returns depends on the model: see
:class:`Detector`, :class:`ImageClassifier`, :class:`StreamDetector` and
:class:`FewShotDetector`.

The geometry of arrays, which mmextra shares, is imported without
onnxruntime.
"""
import importlib
from typing import Any

_HOMES = dict(
    Detections='results',
    Detector='detector',
    ExportedFolder='folder',
    FewShotDetector='few_shot',
    ImageClass='classifier',
    ImageClassifier='classifier',
    StreamDetector='stream',
    SupportBank='support_bank',
    draw='drawing',
    load='loading',
    read_image='images')
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a part when it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    home = importlib.import_module(f'.{_HOMES[name]}', __name__)
    return getattr(home, name)
