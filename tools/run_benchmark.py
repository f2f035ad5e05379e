"""Train and test many configs, over several seeds, and write one page.

Every config is trained and tested by tools/train.py and tools/test.py in
processes of their own; a run that fails or is killed does not stop the
others. What a config needs beyond that (data to make, another config's
weights, a conversion) stands in configs/<paper>/benchmark.yml, see
mmextra/evaluation/zoo/manifest.py. Afterwards the models' times and memory
are measured, in one process per paper, while nothing else runs.

Interrupted, or after a failure, the same command with --resume goes on: what
is complete is kept, trainings continue from their last checkpoint.

Snakemake runs the stages (pip install -e ".[bench]"), here or, with a profile
of Snakemake's, on a cluster; see docs/zoo.md.

Examples:
    python tools/run_benchmark.py --data synthetic --quick
    python tools/run_benchmark.py configs/larsd/synthetic*.py --seeds 3
    python tools/run_benchmark.py configs/larsd --data real --jobs 8 \
        --gpus 0,1,2,3,4,5,6,7
    python tools/run_benchmark.py --data real --seeds 3   # all that data/ has
"""
import signal
import sys
from pathlib import Path
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.evaluation.zoo import (
    choose_configs,
    run_benchmark,
    split_by_data,
)
from mmextra.utils.command_line import (
    log_console,
    one_line_errors,
    require_positive,
    tool_parser,
)

ROOT = Path(__file__).resolve().parents[1]


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line.

    Raises:
        SystemExit: With a message if nothing can be run, with status 1 if
            a stage failed.
    """
    parser = tool_parser(__file__, __doc__)
    parser.add_argument(
        'configs', nargs='*', type=Path, metavar='CONFIG',
        help='configs, or folders of configs; by default all folders')
    parser.add_argument(
        '--data', choices=('synthetic', 'real'),
        help='of folders take the configs of such data; default: synthetic')
    parser.add_argument(
        '--seeds', type=int, default=1, help='number of seeds, from 0 on')
    parser.add_argument(
        '--jobs', type=int, default=1, help='processes at a time')
    parser.add_argument(
        '--gpus', default='', help='GPUs for the processes in turn, for '
        'example 0,1; by default each process sees all')
    parser.add_argument(
        '--quick', action='store_true',
        help='one shortened config per paper, to see that all runs')
    parser.add_argument(
        '--resume', action='store_true',
        help='keep what is complete, continue the rest')
    parser.add_argument(
        '--profile', help='profile of Snakemake, to run on a cluster')
    parser.add_argument(
        '--out', type=Path, help='folder of everything; default: '
        'work_dirs/benchmark, or work_dirs/benchmark_quick')
    args = parser.parse_args(argv)
    require_positive(parser, args, 'seeds', 'jobs')
    # As after Ctrl-C, the processes at work are ended before this one.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with one_line_errors(parser, ValueError, RuntimeError):
            configs = choose_configs(
                args.configs, ROOT / 'configs', args.data, args.quick)
            if args.data == 'real':
                configs, absent = split_by_data(configs)
                for folder, left in sorted(absent.items()):
                    print(f'{folder} is not there: left out '
                          + ', '.join(config.stem for config in left))
            runs = run_benchmark(
                configs,
                args.out or Path('work_dirs', 'benchmark_quick'
                                 if args.quick else 'benchmark'),
                log_console(), seeds=args.seeds, quick=args.quick,
                jobs=args.jobs, resume=args.resume, profile=args.profile,
                gpus=[gpu for gpu in args.gpus.split(',') if gpu])
    except KeyboardInterrupt:
        sys.exit(f'{parser.prog}: interrupted; the same command with '
                 '--resume goes on')
    failed = [run for run in runs if not run.ok]
    if failed:
        sys.exit(f'{parser.prog}: {len(failed)} of {len(runs)} stages did '
                 'not complete; the same command with --resume tries again')


if __name__ == '__main__':
    main()
