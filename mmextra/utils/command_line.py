"""What the command lines under ``tools`` share.

Reading arguments, telling in one line what is wrong, tables and results.
"""
import argparse
import functools
import sys
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import (
    Any,
    Callable,
    Iterable,
    Iterator,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    cast,
)

import torch
from mmengine.config import Config, DictAction
from rich.console import Console, JustifyMethod
from rich.table import Table

from .files import write_json

AnyFunction = TypeVar('AnyFunction', bound=Callable)


def tool_parser(script: str, doc: str) -> argparse.ArgumentParser:
    """The parser of a script.

    Args:
        script (str): Its ``__file__``.
        doc (str): Its docstring, which ``--help`` shows as it is.

    Returns:
        argparse.ArgumentParser: Without arguments yet.
    """
    return argparse.ArgumentParser(
        prog=Path(script).name, description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter)


def add_cfg_options(parser: argparse.ArgumentParser,
                    option: str = '--cfg-options',
                    text: str = 'override parts of the config') -> None:
    """``--cfg-options``, as mmdet's tools have it, or another of its kind."""
    parser.add_argument(option, nargs='+', action=DictAction, default={},
                        metavar='KEY=VALUE', help=text)


def add_timing_options(parser: argparse.ArgumentParser,
                       rounds: Optional[int] = 5,
                       device: bool = True) -> None:
    """``--rounds``, ``--threads``, ``--device``.

    Args:
        parser (argparse.ArgumentParser): The parser.
        rounds (int, optional): Of which the median is taken, by default;
            None for no such option.
        device (bool): Whether there is a choice.
    """
    if rounds is not None:
        parser.add_argument('--rounds', type=int, default=rounds,
                            help='of which the median is taken')
    parser.add_argument('--threads', type=int, default=1)
    if device:
        parser.add_argument('--device', default='cpu')


def fix_conditions(args: argparse.Namespace) -> None:
    """Take as many threads as asked for, and always the same weights."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)


def add_json_output(parser: argparse.ArgumentParser) -> None:
    """``--out``, see :func:`save_rows`."""
    parser.add_argument('--out', type=Path, help='write the rows as JSON')


def best_device() -> str:
    """The first GPU if there is one, else the CPU."""
    return 'cuda:0' if torch.cuda.is_available() else 'cpu'


def require_positive(parser: argparse.ArgumentParser,
                     args: argparse.Namespace, *names: str) -> None:
    """Refuse numbers below 1.

    Args:
        parser (argparse.ArgumentParser): The parser.
        args (argparse.Namespace): What it read.
        names (str): The options; each a number or a list of numbers.
    """
    for name in names:
        value = getattr(args, name)
        if min(value if isinstance(value, list) else [value]) < 1:
            option = name.replace('_', '-')
            parser.error(f'--{option} must be positive, got {value}')


@contextmanager
def one_line_errors(parser: argparse.ArgumentParser,
                    *kinds: Type[Exception]) -> Iterator[None]:
    """End the program with one line in place of a traceback.

    Args:
        parser (argparse.ArgumentParser): Its ``prog`` begins the line.
        kinds (type): Exceptions that tell the user what to do; by default
            ``ValueError`` and ``OSError``.
    """
    expected: Tuple[Type[Exception], ...] = kinds or (ValueError, OSError)
    try:
        yield
    except expected as error:
        # A KeyError's own text is the message in quotation marks.
        told = error.args[0] if isinstance(error, KeyError) else error
        sys.exit(f'{parser.prog}: {told}')


def require_files(args: argparse.Namespace, *names: str) -> None:
    """Refuse arguments that name no file.

    Addresses, as ``mmextra://NAME``, are left to what loads them.

    Raises:
        FileNotFoundError: For the first of them.
    """
    for name in names:
        value = str(getattr(args, name))
        if '://' not in value and not Path(value).is_file():
            raise FileNotFoundError(f'there is no {name} {value}')


def read_config(args: argparse.Namespace) -> Config:
    """The config that ``config`` and ``--cfg-options`` name.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    cfg = Config.fromfile(args.config)
    cfg.merge_from_dict(args.cfg_options)
    return cfg


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]],
                title: Optional[str] = None, width: Optional[int] = None,
                justify: Sequence[JustifyMethod] = ()) -> None:
    """Print a table.

    Args:
        headings (Sequence[str]): Of the columns.
        rows (Iterable[Sequence[str]]): The cells.
        title (str, optional): Above it.
        width (int, optional): Columns of text to use, by default those of
            the terminal, or 200 in a file, which has none.
        justify (Sequence[str]): Of each column; left where there is none.
    """
    table = Table(title=title)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify=justify[number]
                         if number < len(justify) else 'left')
    for row in rows:
        table.add_row(*row)
    log_console(width).print(table)


def log_console(width: Optional[int] = None) -> Console:
    """A console that does not fold long lines at 80 columns in a file."""
    console = Console(width=width)
    return console if width or console.is_terminal else Console(width=200)


def save_rows(path: Optional[Path], content: Any) -> None:
    """Write what was measured as JSON if a file is named."""
    if path:
        write_json(path, content, indent=1)


def talks_to_stderr(function: AnyFunction) -> AnyFunction:
    """Decorator: what a function prints and logs is no part of a result.

    Data sets, checkpoints and metrics say what they do on standard output,
    where a tool prints its table.
    """

    @functools.wraps(function)
    def quiet(*args: Any, **kwargs: Any) -> Any:
        with redirect_stdout(sys.stderr):
            return function(*args, **kwargs)

    return cast(AnyFunction, quiet)
