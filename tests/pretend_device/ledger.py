"""What a step costs on the pretend device, line by line."""
import sys
import weakref
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Optional, Tuple

from torch import Tensor

SYNC, UPLOAD, DOUBLE = 'sync', 'upload', 'float64'


class Block:
    """Memory of the device, held as long as a tensor in it lives."""

    def __init__(self, ledger: 'Ledger', size: int) -> None:
        self.ledger, self.size = ledger, size
        ledger.held += size
        ledger.peak = max(ledger.peak, ledger.held)

    def __del__(self) -> None:
        self.ledger.held -= self.size


class Ledger:
    """Synchronisations, uploads, kernels and memory.

    Args:
        package (str): Whose lines are of interest.

    Attributes:
        events (Counter): Of (kind, operation, line that called torch,
            innermost line of the package). Kinds are ``'sync'`` (the host
            waits for the device), ``'upload'`` (data of the host goes to the
            device, for which the host waits too unless the memory is pinned)
            and ``'float64'`` (a tensor in double precision).
        kernels (Counter): Of (operation, innermost line of the package).
        held (int): Bytes now.
        peak (int): Most bytes at once.
    """

    def __init__(self, package: str = 'mmextra') -> None:
        self.package = f'{package}/'
        self.root = str(Path(find_spec(package).origin).parents[1]) + '/'
        self.here = str(Path(__file__).parent)
        self.held = 0
        self._blocks = weakref.WeakValueDictionary()
        self.reset()

    def reset(self) -> None:
        """Begin anew, for example after a step that fills caches."""
        self.events, self.kernels = Counter(), Counter()
        self.peak = self.held

    def hold(self, tensor: Tensor) -> Block:
        """The memory that a tensor shares with its views."""
        storage = tensor.untyped_storage()
        block = self._blocks.get(storage._cdata)
        if block is None:
            block = Block(self, storage.nbytes())
            self._blocks[storage._cdata] = block
        return block

    def note(self, kind: str, operation: str) -> None:
        self.events[(kind, operation, *self._lines())] += 1

    def launch(self, operation: str) -> None:
        self.kernels[operation, self._lines()[1]] += 1

    def _lines(self) -> Tuple[str, str]:
        """The line that called torch, and the innermost of the package."""
        caller: Optional[str] = None
        frame = sys._getframe(2)
        while frame is not None:
            path = frame.f_code.co_filename
            if path.endswith('torch/autograd/graph.py'):
                return caller or 'backward', 'backward'
            if path[0] != '<' and '/torch/' not in path and \
                    not path.startswith(self.here):
                line = f'{path}:{frame.f_lineno}'
                if path.startswith(self.root + self.package):
                    own = line[len(self.root):]
                    return caller or own, own
                caller = caller or line.rpartition('-packages/')[2]
            frame = frame.f_back
        return caller or '?', caller or '?'

    def count(self, kind: str, own: bool = False) -> int:
        """Number of events.

        Args:
            kind (str): Their kind.
            own (bool): Only those that a line of the package asked torch
                for, not a host library on its behalf.

        Returns:
            int: The number.
        """
        return sum(n for (each, _, caller, _), n in self.events.items()
                   if each == kind and (
                       not own or caller.startswith(self.package)))

    def summary(self) -> dict:
        """The numbers of a table."""
        return dict(
            sync=self.count(SYNC), own_sync=self.count(SYNC, own=True),
            upload=self.count(UPLOAD),
            own_upload=self.count(UPLOAD, own=True),
            float64=self.count(DOUBLE),
            kernels=sum(self.kernels.values()),
            peak_mib=round(self.peak / 2**20, 1))

    def report(self, top: int = 12) -> str:
        """The events, and the lines that launch most kernels."""
        rows = [' '.join(f'{k}={v}' for k, v in self.summary().items())]
        for (kind, name, caller, own), n in self.events.most_common():
            by = '' if caller == own else f'  (in {caller})'
            rows.append(f'{n:6d} {kind:8s}{name:24s}{own}{by}')
        by_line = Counter()
        for (_, own), n in self.kernels.items():
            by_line[own] += n
        rows += [f'{n:6d} kernels {own}' for own, n in by_line.most_common(
            top)]
        return '\n'.join(rows)
