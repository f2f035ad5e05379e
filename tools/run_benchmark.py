"""Train and test many configs, over several seeds, and write one page.

Every config is trained and tested by tools/train.py and tools/test.py in
processes of their own; a run that fails or is killed does not stop the
others. What a config needs beyond that (data to make, another config's
weights, a conversion) stands in configs/<paper>/benchmark.yml, see
mmextra/evaluation/zoo/manifest.py. Afterwards the models' times and memory
are measured, in one process per paper, while nothing else runs.

Interrupted, or after a failure, the same command with --resume goes on: what
is complete is kept, trainings continue from their last checkpoint.

Examples:
    python tools/run_benchmark.py --data synthetic --quick
    python tools/run_benchmark.py configs/larsd/synthetic*.py --seeds 3
    python tools/run_benchmark.py configs/larsd --data real --jobs 8 \
        --gpus 0,1,2,3,4,5,6,7
"""
import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from rich.console import Console
from rich.markdown import Markdown

from mmextra.evaluation.zoo import (
    BenchmarkRunner,
    ProgressDisplay,
    Run,
    choose_configs,
    collect,
    make_plan,
    write_page,
    write_results,
)
from mmextra.evaluation.zoo.commands import StageError
from mmextra.evaluation.zoo.results import JSON_NAME

ROOT = Path(__file__).resolve().parents[1]
COSTS = ROOT / 'tools' / 'analysis_tools' / 'model_costs.py'


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
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
        '--out', type=Path, help='folder of everything; default: '
        'work_dirs/benchmark, or work_dirs/benchmark_quick')
    args = parser.parse_args(argv)
    if min(args.seeds, args.jobs) < 1:
        parser.error('--seeds and --jobs must be positive')
    if args.out is None:
        args.out = Path('work_dirs', 'benchmark_quick'
                        if args.quick else 'benchmark')
    return args


def measure_costs(runner: BenchmarkRunner,
                  console: Console) -> List[Dict[str, Any]]:
    """Measure what the tested models cost, paper by paper.

    Args:
        runner (BenchmarkRunner): A benchmark that has run.
        console (Console): Where to say what failed.

    Returns:
        List[Dict[str, Any]]: Rows of ``model_costs``.
    """
    papers: Dict[str, Dict[str, str]] = {}
    for run in runner.runs.values():
        if run.stage.tool == 'test' and run.ok:
            try:
                weights = runner.weights(run.stage)
            except StageError:
                continue
            papers.setdefault(run.stage.paper, {}).setdefault(
                str(run.stage.config), str(weights))
    rows = []
    for paper, models in papers.items():
        console.print(f'measuring {len(models)} models of {paper}')
        target = runner.out / paper / 'costs.json'
        target.unlink(missing_ok=True)
        log = target.with_suffix('.log')
        with open(log, 'w') as file:
            subprocess.run(
                [sys.executable, str(COSTS), *models, '--checkpoints',
                 *models.values(), '--out', str(target)],
                stdout=file, stderr=subprocess.STDOUT, check=False)
        if target.is_file():
            rows += json.loads(target.read_text())
        else:
            console.print(f'failed, see {log}', style='bold red')
    return rows


def benchmark(args: argparse.Namespace, console: Console) -> List[Run]:
    """Run everything and write the page.

    Args:
        args (argparse.Namespace): See :func:`parse_args`.
        console (Console): Where to show it.

    Returns:
        List[Run]: How the stages fared.

    Raises:
        ValueError: If a config or a manifest is not as it must be, or the
            folder belongs to another benchmark.
        RuntimeError: If another benchmark is at work in the folder.
    """
    configs = choose_configs(
        args.configs, ROOT / 'configs', args.data, args.quick)
    stages = make_plan(configs, args.seeds, args.quick)
    display = ProgressDisplay(len(stages), console)
    runner = BenchmarkRunner(
        stages, args.out, args.jobs, args.resume,
        [gpu for gpu in args.gpus.split(',') if gpu], display.change)
    console.print(f'{len(configs)} configs, {len(stages)} stages, '
                  f'in {args.out}', highlight=False)
    with display:
        runs = runner.run(display.tick)
    results = collect(args.out, runs, measure_costs(runner, console),
                      args.quick)
    write_results(args.out / JSON_NAME, results)
    page = write_page(args.out, results)
    console.print(Markdown(page[0].read_text()))
    console.print('\n'.join(map(str, page)), highlight=False)
    return runs


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Run the tool.

    Args:
        argv (Sequence[str], optional): The arguments; by default those of
            the command line.

    Raises:
        SystemExit: With a message if nothing can be run, with status 1 if
            a stage failed.
    """
    args = parse_args(argv)
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    # As after Ctrl-C, the processes at work are ended before this one.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        runs = benchmark(args, console)
    except (ValueError, RuntimeError) as error:
        sys.exit(f'run_benchmark: {error}')
    except KeyboardInterrupt:
        sys.exit('run_benchmark: interrupted; the same command with '
                 '--resume goes on')
    failed = [run for run in runs if not run.ok]
    if failed:
        sys.exit(f'run_benchmark: {len(failed)} of {len(runs)} stages did '
                 'not complete; the same command with --resume tries again')


if __name__ == '__main__':
    main()
