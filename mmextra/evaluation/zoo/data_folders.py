"""Which configs can be trained with the data that is there."""
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from mmengine.config import Config


def data_folder(config: Path) -> str:
    """Where the training data of a config lies.

    Args:
        config (Path): The config.

    Returns:
        str: ``data_root``, as a run from the same folder sees it; empty if
        the config names none.
    """
    dataset = Config.fromfile(config).train_dataloader.dataset
    # Wrappers name another data set, joint ones several.
    while 'data_root' not in dataset:
        if 'dataset' in dataset:
            dataset = dataset['dataset']
        elif 'datasets' in dataset:
            dataset = dataset['datasets'][0]
        else:
            return ''
    return str(dataset['data_root'] or '')


def split_by_data(configs: Sequence[Path]
                  ) -> Tuple[List[Path], Dict[str, List[Path]]]:
    """The configs whose data is there, and the others.

    Args:
        configs (Sequence[Path]): Configs of real data.

    Returns:
        tuple[list[Path], dict[str, list[Path]]]: The former, and the latter
        by the folder that is missing.

    Raises:
        ValueError: If the data of none is there; the folders are named.
    """
    present: List[Path] = []
    absent: Dict[str, List[Path]] = {}
    for config in configs:
        folder = data_folder(config)
        if Path(folder).is_dir():
            present.append(config)
        else:
            absent.setdefault(folder, []).append(config)
    if not present:
        raise ValueError(
            'the data of no config is there: '
            + ', '.join(sorted(absent))
            + '; the papers\' pages say how to lay it out')
    return present, absent
