"""Write a synthetic data set: python tools/make_synthetic.py harbour DIR."""
import argparse
import json
import sys
from pathlib import Path
from typing import List, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmextra.synthetic import GENERATORS  # noqa: E402


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Write a small, seeded synthetic data set in the on-disk '
        'format of the real one. What is already there is not written again.')
    parser.add_argument('name', choices=sorted(GENERATORS), help='data set')
    parser.add_argument('root', help='folder to make')
    for split in ('train', 'val', 'test'):
        parser.add_argument(
            f'--num-{split}', type=int, help=f'number of {split} images')
    parser.add_argument(
        '--image-size', type=int, help='longer side in pixels')
    parser.add_argument('--seed', type=int, help='seed')
    parser.add_argument(
        '--force',
        action='store_true',
        help='replace a set that was made with other arguments')
    return parser.parse_args(argv)


def main(argv: Optional[List[str]] = None) -> None:
    args = vars(parse_args(argv))
    name = args.pop('name')
    given = {key: value for key, value in args.items() if value is not None}
    try:
        marker = GENERATORS[name](**given)
    except (ValueError, OSError) as error:
        sys.exit(f'make_synthetic.py: {error}')
    print(f'{name} in {args["root"]}: {json.dumps(marker["counts"])}')


if __name__ == '__main__':
    main()
