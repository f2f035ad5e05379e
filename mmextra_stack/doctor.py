"""``mmextra doctor``: the stack, what is missing and what mends it."""
import argparse
import contextlib
import importlib
import io
import warnings
from typing import List, Optional, Tuple

from .checks import import_if_there, needs_mmrotate, problems
from .families import (
    HOSTS,
    OPENMMLAB,
    installed,
    installed_of,
    present_family,
    python_version,
)

OTHERS = ('numpy', 'opencv-python', 'matplotlib', 'setuptools')


def _torch_row() -> str:
    torch = import_if_there('torch')
    if torch is None:
        return 'not installed'
    if torch.version.cuda is None:
        return f'{torch.__version__} (CPU build)'
    gpus = torch.cuda.device_count()
    return f'{torch.__version__} (CUDA {torch.version.cuda}, {gpus} GPUs)'


def stack() -> List[Tuple[str, str]]:
    """Names and versions of what mmextra stands on, read without the hosts.

    Returns:
        list[tuple[str, str]]: Rows of the table.
    """
    rows = [('mmextra', installed('mmextra') or 'not installed, on the path'),
            ('Python', python_version()), ('torch', _torch_row())]
    family = present_family()
    for name in HOSTS:
        distribution = family.distributions[name]
        rows.append((distribution, installed(distribution) or
                     'not installed'))
    rows += [(name, installed(name) or 'not installed') for name in OTHERS]
    if family is not OPENMMLAB:
        # The other family beside it is a mixture.
        rows += installed_of(OPENMMLAB).items()
    return rows


def examine() -> Tuple[List[str], List[str]]:
    """What keeps mmextra from working, and what it works without.

    Returns:
        tuple[list[str], list[str]]: Problems and notes, a sentence each.
    """
    found: List[str] = []
    notes: List[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always', UserWarning)
        # A broken host raises what it likes.
        try:
            found += problems()
            if not found:
                importlib.import_module('mmextra')
                if import_if_there('mmrotate') is None:
                    notes.append(needs_mmrotate('LARSD, or any other rotated '
                                                'detector,'))
        except Exception as error:  # noqa: BLE001
            found.append(f'{type(error).__name__}: {error}')
    notes += {str(w.message) for w in caught
              if str(w.message).startswith('mmextra')}
    return found, notes


def main(argv: Optional[List[str]] = None) -> int:
    """Print the table, the problems and the notes.

    Returns:
        int: 1 if there is a problem, else 0.
    """
    argparse.ArgumentParser(
        prog='mmextra doctor', description='Print the packages that mmextra '
        'stands on, what is missing and the commands that mend it.'
    ).parse_args(argv)
    rows = stack()
    width = max(len(name) for name, _ in rows)
    for name, version in rows:
        print(f'{name:<{width}}  {version}')
    print(flush=True)
    # Hosts print to the terminal while they are imported.
    with contextlib.redirect_stdout(io.StringIO()):
        found, notes = examine()
    for text in found:
        print(f'PROBLEM  {text}.')
    for text in notes:
        print(f'note     {text.rstrip(".")}.')
    if not found:
        print('mmextra works on this stack.')
    return int(bool(found))
