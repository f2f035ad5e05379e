"""Draw pictures of the pages anew, as the visualizer shows them: synthetic
scenes with their ground truth, a strip for every paper, and below it what
the published weights find in them.

Example:
    python tools/paper_pictures.py docs/images
"""
import tempfile
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.paper_pictures import SCENES, draw_paper_pictures
from mmextra.utils.command_line import one_line_errors, tool_parser


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('out', type=Path, help='folder of the pictures')
    parser.add_argument('--papers', nargs='+', default=(),
                        choices=sorted(SCENES), help='default: all')
    args = parser.parse_args(argv)
    with one_line_errors(parser), tempfile.TemporaryDirectory() as data:
        for path in draw_paper_pictures(args.out, Path(data), args.papers):
            print(path, flush=True)


if __name__ == '__main__':
    main()
