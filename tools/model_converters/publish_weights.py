"""Make a file for weights/ of a checkpoint: half precision, nothing else.

tools/update_zoo.py then writes its checksum into the metafile, and
mmextra://NAME finds it. Say in weights/README.md what it is.

Example:
    python tools/model_converters/publish_weights.py \
        work_dirs/synthetic/epoch_12.pth weights/larsd_synthetic.pth
"""
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.utils.command_line import one_line_errors, tool_parser
from mmextra.utils.named_weights import publish_file


def main(argv: Optional[List[str]] = None) -> None:
    """Command line.

    Raises:
        SystemExit: With a message if the checkpoint cannot be read or does
            not fit into half precision.
    """
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('checkpoint', type=Path)
    parser.add_argument('out', type=Path, help='weights/<paper>_<config>.pth')
    args = parser.parse_args(argv)
    with one_line_errors(parser):
        digest = publish_file(args.checkpoint, args.out)
    print(f'{args.out}: {args.out.stat().st_size / 2 ** 20:.1f} MiB, SHA-256 '
          f'{digest}')


if __name__ == '__main__':
    main()
