"""A COCO file of K boxes per class, and files of what is left."""
from typing import Dict, List, Optional, Sequence

from ..coco_json import is_usable
from .shots import select_shots, shot_key


def choose(coco: dict, shots: int, seed: int = 0,
           classes: Optional[Sequence[str]] = None,
           min_area: float = 0.) -> dict:
    """The chosen boxes and their images.

    Args:
        coco (dict): ``images``, ``annotations`` and ``categories``.
        shots (int): Boxes per class.
        seed (int): Another seed gives other boxes.
        classes (Sequence[str], optional): All categories if not given.
        min_area (float): Smallest box in square pixels.

    Returns:
        dict: In the same format, with all categories.

    Raises:
        ValueError: If a class is no category.
    """
    names = {cat['id']: cat['name'] for cat in coco['categories']}
    wanted = list(classes or names.values())
    unknown = [name for name in wanted if name not in names.values()]
    if unknown:
        raise ValueError(f'{unknown} are no categories of the file; it has '
                         f'{sorted(names.values())}')
    sizes = {image['id']: (image['width'], image['height'])
             for image in coco['images']}
    # What the data set would pass over is no shot.
    usable = [
        ann for ann in coco['annotations']
        if not ann.get('iscrowd') and not ann.get('ignore') and is_usable(
            ann, *sizes[ann['image_id']]) and
        ann['bbox'][2] * ann['bbox'][3] >= min_area
    ]
    chosen = select_shots(
        [(names[ann['category_id']], ann['image_id'], ann['bbox'])
         for ann in usable], dict.fromkeys(wanted, shots), seed)
    annotations = [usable[i] for name in wanted for i in chosen[name]]
    kept = {ann['image_id'] for ann in annotations}
    return dict(
        images=[image for image in coco['images'] if image['id'] in kept],
        annotations=annotations,
        categories=coco['categories'])


def rest_of(coco: dict, chosen: dict, parts: int = 1,
            seed: int = 0) -> List[dict]:
    """The images without a chosen box, with all their boxes.

    Args:
        coco (dict): All images.
        chosen (dict): From :func:`choose`.
        parts (int): How many files to divide them into.
        seed (int): Another seed divides otherwise.

    Returns:
        list[dict]: ``parts`` times the same format, with all categories.
    """
    taken = {image['id'] for image in chosen['images']}
    images = [image for image in coco['images'] if image['id'] not in taken]
    images.sort(key=lambda image: shot_key('image', image['id'], (), seed))
    files = []
    for part in range(parts):
        own = {image['id'] for image in images[part::parts]}
        files.append(dict(
            images=[image for image in coco['images'] if image['id'] in own],
            annotations=[ann for ann in coco['annotations']
                         if ann['image_id'] in own],
            categories=coco['categories']))
    return files


def count(coco: dict) -> Dict[str, int]:
    """Boxes per category that has any."""
    names = {cat['id']: cat['name'] for cat in coco['categories']}
    counts: Dict[str, int] = {}
    for ann in coco['annotations']:
        name = names[ann['category_id']]
        counts[name] = counts.get(name, 0) + 1
    return counts
