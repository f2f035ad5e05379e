"""Write a small, seeded synthetic data set, in the format of the real one.

What is already there is not written again.

Example:
    python tools/make_synthetic.py harbour data/synthetic_harbour
"""
import json
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.synthetic import GENERATORS
from mmextra.utils.command_line import one_line_errors, tool_parser


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('name', choices=sorted(GENERATORS), help='data set')
    parser.add_argument('root', help='folder to make')
    for split in ('train', 'val', 'test'):
        parser.add_argument(
            f'--num-{split}', type=int, help=f'number of {split} images')
    parser.add_argument(
        '--image-size', type=int, help='longer side in pixels')
    parser.add_argument('--seed', type=int, help='seed')
    parser.add_argument(
        '--force', action='store_true',
        help='replace a set that was made with other arguments')
    args = vars(parser.parse_args(argv))
    name = args.pop('name')
    with one_line_errors(parser):
        marker = GENERATORS[name](**{
            key: value for key, value in args.items() if value is not None})
    print(f'{name} in {args["root"]}: {json.dumps(marker["counts"])}')


if __name__ == '__main__':
    main()
