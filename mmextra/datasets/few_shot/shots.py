"""Which instances of a class are its K shots."""
import hashlib
from typing import Dict, Hashable, List, Sequence, Tuple

Instance = Tuple[str, Hashable, Sequence[float]]


def shot_key(name: str, img_id: Hashable, bbox: Sequence[float],
             seed: int = 0) -> str:
    """The key by which instances of a class are ranked.

    Args:
        name (str): Name of the class.
        img_id (Hashable): Id of the image.
        bbox (Sequence[float]): x, y, width and height in pixels.
        seed (int): Another seed gives another ranking.

    Returns:
        str: A hash, the same on every machine, process and numpy.
    """
    box = '|'.join(f'{value:.2f}' for value in bbox)
    text = f'{seed}|{name}|{img_id}|{box}'
    return hashlib.sha256(text.encode()).hexdigest()


def select_shots(instances: Sequence[Instance],
                 shots: Dict[str, int],
                 seed: int = 0) -> Dict[str, List[int]]:
    """Choose the shots of each class.

    The choice does not depend on the order of the instances; the first K
    are among the first K + 1; there are exactly min(K, available) of them.

    Not in the paper: it takes the files of other papers as they are. Some of
    those hold more than K boxes, so that something has to choose.

    Args:
        instances (Sequence[tuple]): Class name, image id and box (x, y,
            width, height) of each instance.
        shots (dict[str, int]): Class name to K. Other classes are left out.
        seed (int): Another seed gives another choice.

    Returns:
        dict[str, list[int]]: Class name to indices into ``instances``, in
        the order of their rank. Equal instances of one image count once.
    """
    ranked = {name: {} for name in shots}
    for index, (name, img_id, bbox) in enumerate(instances):
        if name in ranked:
            ranked[name].setdefault(shot_key(name, img_id, bbox, seed), index)
    return {
        name: [keys[key] for key in sorted(keys)][:shots[name]]
        for name, keys in ranked.items()
    }
