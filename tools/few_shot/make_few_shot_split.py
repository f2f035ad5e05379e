"""Choose K boxes per class from a COCO file and write them as a COCO file.

The choice is that of the few-shot datasets (`num_novel_shots`): the same for
the same seed whatever the order of the annotations, and K boxes are among the
K + 1 of the next larger file. Crowd boxes are never chosen.

Example:
    python tools/few_shot/make_few_shot_split.py \
        annotations/train.json few_shot/5shot.json --shots 5 --seed 0
"""
import argparse
import json
import sys
from pathlib import Path
from typing import Dict, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmextra.datasets.few_shot.shots import select_shots  # noqa: E402


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
    usable = [
        ann for ann in coco['annotations']
        if not ann.get('iscrowd') and ann['bbox'][2] >= 1 and
        ann['bbox'][3] >= 1 and ann['bbox'][2] * ann['bbox'][3] >= min_area
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
                        help='all categories if not given')
    parser.add_argument('--min-area', type=float, default=0.,
                        help='smallest box in square pixels')
    args = parser.parse_args(argv)
    if args.shots < 1:
        parser.error('--shots must be positive')
    try:
        coco = json.loads(Path(args.annotations).read_text())
        split = choose(coco, args.shots, args.seed, args.classes,
                       args.min_area)
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f'make_few_shot_split.py: {args.annotations}: {error!r}')
    out = Path(args.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(split))
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
