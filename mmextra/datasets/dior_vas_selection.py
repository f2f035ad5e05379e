"""A reconstruction of DIOR-VAS, whose list of images was not published.

The paper (Sec. 3.1) selects the images of DIOR with vehicles, airplanes and
ships and counts 1,673, of which 1,334 train. Of DIOR's annotations, the test
images whose objects are all of these classes number 1,667, and 1,334 is 80 %
of them. So these are taken, in an order that depends on their ids alone.
"""
import hashlib
import os.path as osp
from typing import List, Sequence, Tuple

from .bad_input import BadInput
from .dior_vas import read_dior_xml

VAS_CLASSES = frozenset({'vehicle', 'airplane', 'ship'})


def only_vas(names: Sequence[str]) -> bool:
    """Whether there are objects, and all are vehicles, airplanes or ships."""
    return bool(names) and VAS_CLASSES.issuperset(names)


def vas_candidates(ann_dir: str, img_ids: Sequence[str]) -> List[str]:
    """Ids of the images whose objects all belong to DIOR-VAS.

    Args:
        ann_dir (str): Folder of DIOR's horizontal annotations.
        img_ids (Sequence[str]): Ids among which to select.

    Returns:
        list[str]: The selected ones, in the same order.

    Raises:
        FileNotFoundError: If an annotation is missing.
        AnnotationError: If one cannot be read.
    """
    bad = BadInput('raise')
    return [
        img_id for img_id in img_ids
        if only_vas([item.name for item in read_dior_xml(
            osp.join(ann_dir, f'{img_id}.xml'), bad).objects])
    ]


def vas_order(img_ids: Sequence[str], seed: int = 0) -> List[str]:
    """Ids in an order without pattern that is the same everywhere.

    Args:
        img_ids (Sequence[str]): The ids.
        seed (int): Another seed gives another order.

    Returns:
        list[str]: By the SHA-256 of ``'dior-vas:<seed>:<id>'``.
    """

    def key(img_id: str) -> Tuple[str, str]:
        text = f'dior-vas:{seed}:{img_id}'
        return hashlib.sha256(text.encode()).hexdigest(), img_id

    return sorted(img_ids, key=key)


def vas_split(img_ids: Sequence[str],
              seed: int = 0) -> Tuple[List[str], List[str]]:
    """Training and validation part, 80 and 20 percent, each sorted.

    Args:
        img_ids (Sequence[str]): The candidates.
        seed (int): See :func:`vas_order`.

    Returns:
        tuple[list[str], list[str]]: Both lists.
    """
    order = vas_order(img_ids, seed)
    count = round(0.8 * len(order))
    return sorted(order[:count]), sorted(order[count:])
