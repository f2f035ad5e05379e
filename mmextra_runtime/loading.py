"""The right class for an exported folder."""
from pathlib import Path
from typing import Any, Optional, Union

from .classifier import ImageClassifier
from .detector import Detector
from .few_shot import FewShotDetector
from .folder import ExportedFolder
from .stream import StreamDetector

CLASSES = dict(
    detect=Detector, classify=ImageClassifier, stream=StreamDetector,
    few_shot=FewShotDetector)


def load(folder: Union[str, Path], provider: str = 'cpu',
         threads: Optional[int] = None, **kwargs: Any) -> Any:
    """Load what ``tools/export.py`` wrote.

    Args:
        folder (str or Path): The folder.
        provider (str): See :class:`~.folder.ExportedFolder`.
        threads (int, optional): See :class:`~.folder.ExportedFolder`.
        **kwargs: Further arguments of the model's class.

    Returns:
        Detector, ImageClassifier, StreamDetector or FewShotDetector: Ready
        to run.

    Raises:
        FileNotFoundError: If the folder or one of its files is missing.
        ValueError: If a file is foreign or cannot be run.
    """
    exported = ExportedFolder(folder, provider, threads)
    return CLASSES[exported.meta['task']](exported, **kwargs)
