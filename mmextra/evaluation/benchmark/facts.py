"""What makes a measured number comparable: data, model and versions."""
import json
import os.path as osp
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from torch import Tensor, nn

from mmextra.synthetic.folder import MARKER
from mmextra.utils import HAS_MMROTATE


@dataclass(frozen=True)
class DatasetFacts:
    """What is known about the data behind a result.

    Attributes:
        name: Name to show. Data known to be synthetic never carries a name
            without the word.
        declared: Whether the config named the dataset; else the name is
            that of the dataset's class.
        synthetic: Whether the data was generated.
        generator: Content of the marker file of generated data.
        ann_file: Annotation file(s) relative to the data root.
        split: The annotation file's stem, or None if there is none.
        samples: Number of samples, or None if the data has no length.
    """
    name: str
    declared: bool = False
    synthetic: bool = False
    generator: Dict[str, Any] = field(default_factory=dict)
    ann_file: str = ''
    split: Optional[str] = None
    samples: Optional[int] = None


def _leaves(dataset: Any) -> Iterator[Any]:
    """The datasets inside wrappers such as ``ConcatDataset``."""
    if hasattr(dataset, 'datasets'):
        for inner in dataset.datasets:
            yield from _leaves(inner)
    elif hasattr(dataset, 'dataset'):
        yield from _leaves(dataset.dataset)
    else:
        yield dataset


def _folders(dataset: Any) -> List[Path]:
    """The folders from which a dataset reads."""
    given = [getattr(dataset, 'data_root', None)]
    prefix = getattr(dataset, 'data_prefix', None)
    if isinstance(prefix, dict):
        given.extend(prefix.values())
    ann_file = getattr(dataset, 'ann_file', None)
    if isinstance(ann_file, str) and ann_file:
        given.append(osp.dirname(ann_file))
    return [Path(path) for path in given if isinstance(path, str) and path]


def find_marker(dataset: Any) -> Optional[Path]:
    """The marker file of generated data, if the dataset reads such data.

    Args:
        dataset (Any): A dataset without wrappers. The folders it reads from
            and their parents are searched, because generators mark the root
            and a dataset may be given one of the root's folders.

    Returns:
        Path: The file, or None.
    """
    for folder in _folders(dataset):
        for place in (folder, folder.parent):
            if (place / MARKER).is_file():
                return place / MARKER
    return None


def _read_marker(path: Path) -> Dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        content = error
    if not isinstance(content, dict):
        warnings.warn(
            f'{path} marks the data as synthetic but cannot be read '
            f'({content!r}); the generator stays unnamed', stacklevel=2)
        return {}
    return content


def _relative_ann_file(dataset: Any) -> str:
    ann_file = getattr(dataset, 'ann_file', None)
    if not isinstance(ann_file, str) or not ann_file:
        return ''
    root = getattr(dataset, 'data_root', None)
    path = osp.relpath(ann_file, root) if root else ann_file
    if osp.isabs(path) or path.startswith('..'):
        path = osp.basename(osp.normpath(path))
    return Path(path).as_posix()


def _class_name(dataset: Any) -> str:
    name = type(dataset).__name__
    suffix = 'Dataset'
    return name[:-len(suffix)] if name.endswith(suffix) and \
        name != suffix else name


def _unique(items) -> List[str]:
    return list(dict.fromkeys(item for item in items if item))


def dataset_facts(dataset: Any,
                  name: Optional[str] = None,
                  synthetic: bool = False) -> DatasetFacts:
    """Describe the data behind a result.

    Args:
        dataset (Any): The dataset that was evaluated; wrappers are opened.
        name (str, optional): The dataset's name as the config declares it.
        synthetic (bool): Whether the config declares the data generated.
            A marker file in the data decides the same without being asked.

    Returns:
        DatasetFacts: The facts.
    """
    leaves = list(_leaves(dataset))
    markers = [path for path in map(find_marker, leaves) if path]
    generator = _read_marker(markers[0]) if markers else {}
    synthetic = bool(synthetic or markers)
    shown = name or '+'.join(_unique(map(_class_name, leaves)))
    if synthetic and not shown.lower().startswith('synthetic'):
        shown = f'synthetic {generator.get("generator", shown)}'
    ann_files = _unique(map(_relative_ann_file, leaves))
    splits = _unique(
        Path(path).stem if Path(path).suffix else path for path in ann_files)
    return DatasetFacts(
        name=shown,
        declared=name is not None,
        synthetic=synthetic,
        generator=generator,
        ann_file=', '.join(ann_files),
        split='+'.join(splits) or None,
        samples=len(dataset) if hasattr(dataset, '__len__') else None)


def model_facts(model: nn.Module) -> Dict[str, int]:
    """Count a model's parameters.

    Args:
        model (nn.Module): The model, without a distributed wrapper.

    Returns:
        Dict[str, int]: ``parameters``, the ``trainable`` ones among them,
        and ``state``, all numbers of the state dict, the parameters
        together with the buffers that a checkpoint holds (as the totals of
        COVID-CT-Mask-Net, Table 1, are counted).
    """
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    total = sum(size for size, _ in sizes)
    return dict(
        parameters=total,
        trainable=sum(size for size, trains in sizes if trains),
        state=sum(value.numel() for value in model.state_dict().values()
                  if isinstance(value, Tensor)))


def versions() -> Dict[str, str]:
    """Versions of the packages that decide a result."""
    import mmcv
    import mmdet
    import mmengine
    import torch

    import mmextra
    modules = [torch, mmcv, mmengine, mmdet, mmextra]
    if HAS_MMROTATE:
        import mmrotate
        modules.insert(4, mmrotate)
    return {module.__name__: str(module.__version__) for module in modules}
