"""Colours for the classes that a data set or a checkpoint has."""
from typing import Any, Dict


def with_enough_colours(meta: Dict[str, Any]) -> Dict[str, Any]:
    """Metas whose palette has a colour for every class.

    A data set with other classes than its own keeps the palette of its own,
    at which a visualizer stops if it is too short.

    Args:
        meta (dict): With ``classes`` and, perhaps, ``palette``.

    Returns:
        dict: The same, or with mmdet's ``'random'`` palette, which gives the
        same colours every time.
    """
    palette, classes = meta.get('palette'), meta.get('classes') or ()
    if isinstance(palette, (list, tuple)) and len(palette) < len(classes):
        return dict(meta, palette='random')
    return meta
