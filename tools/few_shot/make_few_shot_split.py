"""Choose K boxes per class from a COCO file and write them as a COCO file.

The choice is that of the few-shot datasets (`num_novel_shots`): the same for
the same seed whatever the order of the annotations, and K boxes are among the
K + 1 of the next larger file. Crowd boxes are never chosen.

With --rest the images without a chosen box are written too, to one file or,
divided by their ids, to two: one to train base classes on and one to test.

Example:
    python tools/few_shot/make_few_shot_split.py \
        annotations/all.json few_shot/5shot.json --shots 5 --seed 0 \
        --rest few_shot/train.json few_shot/test.json
"""
import argparse
import json
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmextra.datasets.coco_json import is_usable, read_coco  # noqa: E402
from mmextra.datasets.few_shot.shots import select_shots, shot_key  # noqa: E402
from mmextra.utils.class_splits import COCO_SPLITS  # noqa: E402


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


def write(coco: dict, path: str) -> None:
    """Write a file, its folder too."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(coco))


def count(coco: dict) -> Dict[str, int]:
    """Boxes per category that has any."""
    names = {cat['id']: cat['name'] for cat in coco['categories']}
    counts: Dict[str, int] = {}
    for ann in coco['annotations']:
        name = names[ann['category_id']]
        counts[name] = counts.get(name, 0) + 1
    return counts


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('annotations', help='COCO file')
    parser.add_argument('out', help='COCO file to write')
    parser.add_argument('--shots', type=int, required=True)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--classes', nargs='+',
                        help='all categories if not given; one of '
                        f'{", ".join(COCO_SPLITS)} stands for those of COCO')
    parser.add_argument('--min-area', type=float, default=0.,
                        help='smallest box in square pixels')
    parser.add_argument('--rest', nargs='+', default=[],
                        help='one or two COCO files for the other images')
    args = parser.parse_args(argv)
    if len(args.rest) > 2:
        parser.error('--rest takes one or two files')
    if args.shots < 1:
        parser.error('--shots must be positive')
    if args.classes and len(args.classes) == 1:
        args.classes = COCO_SPLITS.get(args.classes[0], args.classes)
    try:
        coco = read_coco(args.annotations)
        split = choose(coco, args.shots, args.seed, args.classes,
                       args.min_area)
    except (OSError, ValueError) as error:
        sys.exit(f'make_few_shot_split.py: {args.annotations}: {error}')
    write(split, args.out)
    rest = rest_of(coco, split, len(args.rest), args.seed)
    for path, part in zip(args.rest, rest):
        write(part, path)
        print(f'{path}: {len(part["images"])} images')
    for name, number in count(split).items():
        short = '' if number == args.shots else \
            f' (fewer than {args.shots} in the file)'
        print(f'{name}: {number}{short}')
    lost = [name for name in (args.classes or (
        cat['name'] for cat in coco['categories'])) if name not in
        count(split)]
    if lost:
        print(f'without any box: {", ".join(lost)}')


if __name__ == '__main__':
    main()
