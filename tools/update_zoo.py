"""Bring the model zoo up to date: results, metafiles, tables of the pages.

Results of tools/run_benchmark.py are added to configs/<paper>/results.json.
Then configs/<paper>/metafile.yml, model-index.yml and the tables between the
zoo markers of the pages are made again; never edit those by hand.

Examples:
    python tools/update_zoo.py work_dirs/benchmark/results.json
    python tools/update_zoo.py            # after adding or removing a config
    python tools/update_zoo.py --check    # changes nothing
"""
import sys
from pathlib import Path
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.evaluation.zoo.metafile import add_results, generated_files
from mmextra.evaluation.zoo.results import read_results
from mmextra.utils.command_line import one_line_errors, tool_parser
from mmextra.utils.files import write_atomic

ROOT = Path(__file__).resolve().parents[1]


def main(argv: Optional[Sequence[str]] = None, root: Path = ROOT) -> None:
    """Command line.

    Args:
        argv (Sequence[str], optional): The arguments; by default those of
            the command line.
        root (Path): The project.

    Raises:
        SystemExit: With a message if results cannot be added, or, with
            ``--check``, if a file is not up to date.
    """
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('results', nargs='*', type=Path,
                        help='results.json of benchmarks')
    parser.add_argument('--check', action='store_true',
                        help='only tell what is not up to date')
    args = parser.parse_args(argv)
    if args.check and args.results:
        parser.error('--check takes no results')
    with one_line_errors(parser):
        for path in args.results:
            for target, text in add_results(root, read_results(path)).items():
                write_atomic(target, text)
                print(f'updated {target.relative_to(root)}')
        old = [(path, text) for path, text in generated_files(root).items()
               if not path.is_file() or
               path.read_text(encoding='utf-8') != text]
    for path, text in old:
        if not args.check:
            write_atomic(path, text)
            print(f'updated {path.relative_to(root)}')
    if args.check and old:
        names = ', '.join(str(path.relative_to(root)) for path, _ in old)
        sys.exit(f'{parser.prog}: not up to date: {names}; run '
                 '"python tools/update_zoo.py"')


if __name__ == '__main__':
    main()
