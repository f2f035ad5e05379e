"""What the hosts need to run on current Python and PyTorch.

A check of the stack that says which command mends it, mmrotate's import on
Python >= 3.10, loading of mmengine's own checkpoints under torch's safe
unpickler, pictures under matplotlib >= 3.11, and which metrics are better the
larger they are. Nothing else.
"""
import collections
import collections.abc
import functools
import importlib
import warnings
from types import ModuleType
from typing import Any

INSTALL = 'python tools/install_mmcv.py'
# package -> (first version that works, first version never tried); in the
# order in which they need each other.
TESTED = {
    'mmengine': ('0.10.0', '0.11.0'),
    'mmcv': ('2.0.0', '2.1.0'),
    'mmdet': ('3.0.0', '3.2.0'),
}
# Parts of the names of metrics of which more is better: AP05 to AP95, the
# sensitivity of a class.
GROWING_METRICS = (*(f'AP{n:02d}' for n in range(5, 100, 5)), 'sens_',
                   'recall')


def _import(name: str, remedy: str) -> ModuleType:
    """Import a host, or say how to install it if it is the one missing."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ImportError(f'mmextra needs {name}. {remedy}') from error


def check_stack() -> None:
    """Import the hosts, or say which command installs what is missing.

    Versions above the tested range warn and are let through.

    Raises:
        ImportError: If torch, mmcv, mmcv's compiled ops, mmengine or mmdet
            is not installed, or one is older than the oldest that works.
    """
    _import('torch', 'Install it first, on a machine without GPU by "pip '
            'install torch==2.13.0", else by the command that pytorch.org '
            'gives for your CUDA version.')
    pip = {name: f'"pip install \'{name}>={first},<{beyond}\'"'
           for name, (first, beyond) in TESTED.items()}
    pip['mmcv'] = f'"{INSTALL}" in the mmextra folder'
    for name, (first, beyond) in TESTED.items():
        found = _import(name, f'Install it by {pip[name]}.').__version__
        from mmengine.utils import digit_version
        if digit_version(found) < digit_version(first):
            raise ImportError(
                f'mmextra needs {name} >= {first}, found {found}. Upgrade by '
                f'{pip[name]}.')
        if digit_version(found) >= digit_version(beyond):
            warnings.warn(
                f'mmextra was tested with {name} {first} up to, not '
                f'including, {beyond}; found {found}.', stacklevel=3)
    try:
        importlib.import_module('mmcv.ops')
    except (ImportError, OSError) as error:
        raise ImportError(
            'mmcv is installed but its compiled ops cannot be loaded '
            f'({error}). They were not built, or for another PyTorch. Run '
            f'{pip["mmcv"]}.') from error


def import_mmrotate() -> None:
    """Import mmrotate 1.0.0rc1 and register its modules.

    It imports ``collections.Sequence``, which Python 3.10 dropped
    (https://github.com/open-mmlab/mmrotate/issues/859): the name is lent
    for the length of this import.

    Raises:
        ImportError: If mmrotate is absent or refuses the stack.
    """
    _import('mmrotate', 'Install it by "pip install mmrotate==1.0.0rc1".')
    lend = not hasattr(collections, 'Sequence')
    if lend:
        collections.Sequence = collections.abc.Sequence
    try:
        from mmrotate.utils import register_all_modules
        register_all_modules(init_default_scope=False)
    finally:
        if lend:
            del collections.Sequence


def _history_attribute(obj: Any, name: str) -> Any:
    """``getattr``, for the statistics of a ``HistoryBuffer`` only."""
    from mmengine.logging import HistoryBuffer
    if obj is not HistoryBuffer or name not in ('min', 'max', 'mean',
                                                'current'):
        raise ValueError(
            f'the checkpoint asks for attribute {name!r} of {obj!r}, which '
            'mmengine never writes; it is refused')
    return getattr(obj, name)


def trust_own_checkpoints() -> None:
    """Let ``torch.load(weights_only=True)`` read mmengine's checkpoints.

    torch >= 2.6 loads safely by default and refuses the message hub that
    mmengine saves (https://github.com/open-mmlab/mmengine/issues/1655).
    The few harmless classes in it are put on torch's allow-list, so a
    checkpoint with anything else is still refused.
    """
    import numpy as np
    import torch
    if not hasattr(torch.serialization, 'add_safe_globals'):
        return
    from mmengine.logging import HistoryBuffer
    core = getattr(np, '_core', None) or np.core
    rebuild, scalar = core.multiarray._reconstruct, core.multiarray.scalar
    # A checkpoint names numpy's functions by their old or their new path,
    # whatever numpy reads it.
    numpy_names = [(function, f'numpy.{path}.multiarray.{name}')
                   for function, name in ((rebuild, '_reconstruct'),
                                          (scalar, 'scalar'))
                   for path in ('core', '_core')]
    kinds = ('f2', 'f4', 'f8', 'i4', 'i8', 'u1', 'b1')
    torch.serialization.add_safe_globals(
        [HistoryBuffer, np.ndarray, np.dtype,
         (_history_attribute, 'builtins.getattr'), *numpy_names] +
        [type(np.dtype(kind)) for kind in kinds])


def know_growing_metrics() -> None:
    """Let ``save_best='auto'`` take the metrics of this package.

    mmengine's checkpoint hook guesses from a metric's name whether more is
    better, after the first epoch, and stops at a name that it does not know.
    """
    from mmengine.hooks import CheckpointHook
    known = CheckpointHook._default_greater_keys
    known += [key for key in GROWING_METRICS if key not in known]


def hold_picture_frame() -> None:
    """Keep a drawn image in place when boxes reach beyond it.

    Since matplotlib 3.11 ``add_collection``, by which mmengine's visualizer
    draws polygons, widens the axes, so that the image shrinks within a
    white margin.
    """
    from mmengine.visualization import Visualizer
    set_image = Visualizer.set_image
    if getattr(set_image, 'holds_frame', False):
        return

    @functools.wraps(set_image)
    def set_and_hold(self, image):
        set_image(self, image)
        self.ax_save.autoscale(False)

    set_and_hold.holds_frame = True
    Visualizer.set_image = set_and_hold
