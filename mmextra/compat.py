"""What the hosts need to run on current Python and PyTorch.

A check of the stack that says which command mends it, mmrotate's import on
Python >= 3.10 and beside newer hosts, a clear answer where mmrotate is absent,
loading of mmengine's own checkpoints under torch's safe unpickler, pictures
under matplotlib >= 3.11, SSD on mmdet 3.3, and which metrics are better the
larger they are. Nothing else.
"""
import collections
import collections.abc
import functools
import warnings
from typing import Any, NoReturn

from mmextra_stack.checks import import_if_there, needs_mmrotate, problems
from mmextra_stack.families import version_tuple

# Parts of the names of metrics of which more is better: AP05 to AP95, the
# sensitivity of a class.
GROWING_METRICS = (*(f'AP{n:02d}' for n in range(5, 100, 5)), 'sens_',
                   'recall')

# What hosts, or PyTorch about their code, say on every run and no user can
# change: the beginnings of the texts.
HOST_WARNINGS = (
    # setuptools about mmengine's imports
    'pkg_resources is deprecated as an API',
    # PyTorch about mmdet's prior generators
    'torch.meshgrid: in an upcoming release',
    # mmengine about a visualizer that its own Runner made
    r"<class '\S+Visualizer'> instance named of",
    # mmrotate about what its own pipelines call
    'The `clip` function does nothing in `RotatedBoxes`')

# The first that loads checkpoints safely by default.
SAFE_TORCH = (2, 6)


def quiet_host_warnings() -> None:
    """Silence :data:`HOST_WARNINGS` by their texts, and no other warning."""
    for text in HOST_WARNINGS:
        warnings.filterwarnings('ignore', text, UserWarning)


def check_stack() -> None:
    """Import the hosts, or say which command mends what is wrong.

    Versions above the tried range warn and are let through.

    Raises:
        ImportError: If Python, torch, a host or mmcv's compiled ops are
            missing or too old, or both families of hosts are installed.
    """
    for problem in problems():
        raise ImportError(problem + '.')


def import_mmrotate() -> bool:
    """Import mmrotate, if it is there, and register its modules.

    Release 1.0.0rc1 imports ``collections.Sequence``, which Python 3.10
    dropped (https://github.com/open-mmlab/mmrotate/issues/859): the name is
    lent for the length of this import. Without mmrotate, its scope answers
    every request with the command that installs it.

    Returns:
        bool: Whether mmrotate is there.

    Raises:
        ImportError: If mmrotate is broken.
    """
    lend = not hasattr(collections, 'Sequence')
    if lend:
        collections.Sequence = collections.abc.Sequence
    try:
        if import_if_there('mmrotate') is None:
            _answer_for_mmrotate()
            return False
        from mmrotate.utils import register_all_modules
        register_all_modules(init_default_scope=False)
        return True
    finally:
        if lend:
            del collections.Sequence


def _answer_for_mmrotate() -> None:
    """Registries of the scope ``mmrotate`` that name the remedy."""
    import mmengine.registry
    from mmengine.registry import Registry

    class AbsentRegistry(Registry):
        """Of a scope whose package is not installed."""

        def get(self, key: str) -> NoReturn:
            name = key if '.' in key else f'{self.scope}.{key}'
            raise ImportError(needs_mmrotate(
                f'{name} (or its config, whose default scope is '
                f'{self.scope})') + '.')

    roots = {id(value): value for value in vars(mmengine.registry).values()
             if isinstance(value, Registry) and value.parent is None}
    for root in roots.values():
        if 'mmrotate' not in root.children:
            AbsentRegistry(root.name, parent=root, scope='mmrotate')


def serve_configs() -> None:
    """Let ``_base_ = 'mmextra::...'`` find the configs of this package.

    mmengine knows the packages of its own family only, by their metadata,
    which tells of no checkout. A base of mmrotate is refused with the remedy
    where mmrotate is absent.
    """
    from mmengine.config import Config

    from .utils import config_root
    stock = Config._get_cfg_path
    if getattr(stock, 'serves_mmextra', False):
        return

    def get_cfg_path(cfg_path: str, filename: str):
        package, found, name = cfg_path.partition('::')
        if found and package == 'mmrotate' and \
                import_if_there('mmrotate') is None:
            raise ImportError(needs_mmrotate(
                f'{filename}, which is based on {cfg_path},') + '.')
        if not found or package != 'mmextra':
            return stock(cfg_path, filename)
        path = config_root() / name
        if not path.is_file():
            raise FileNotFoundError(
                f'{filename}: _base_ {cfg_path!r} is no config of mmextra; '
                f'they lie in {config_root()}')
        return str(path), None

    get_cfg_path.serves_mmextra = True
    Config._get_cfg_path = staticmethod(get_cfg_path)


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
    checkpoint with anything else is still refused. Older torch loads without
    a check by default and has no list of names.
    """
    import numpy as np
    import torch
    if version_tuple(torch.__version__) < SAFE_TORCH:
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
    classes = [HistoryBuffer, np.ndarray, np.dtype,
               *(type(np.dtype(kind)) for kind in kinds)]
    # All by their names: onedl's loader lists the bare classes for the length
    # of a load and afterwards takes them off, whoever listed them.
    torch.serialization.add_safe_globals(
        [(_history_attribute, 'builtins.getattr'), *numpy_names,
         *((cls, f'{cls.__module__}.{cls.__qualname__}')
           for cls in classes)])


def know_growing_metrics() -> None:
    """Let ``save_best='auto'`` take the metrics of this package.

    mmengine's checkpoint hook guesses from a metric's name whether more is
    better, after the first epoch, and stops at a name that it does not know.
    """
    from mmengine.hooks import CheckpointHook
    known = CheckpointHook._default_greater_keys
    known += [key for key in GROWING_METRICS if key not in known]


def complete_ssd_head() -> None:
    """Let ``SSDHead`` predict in mmdet 3.3, and in onedl's mmdet.

    Their dense heads ask ``loss_cls`` for its kind of scores; this one has
    none.
    """
    from mmdet.models.dense_heads import SSDHead
    if not hasattr(SSDHead, 'loss_cls'):
        SSDHead.loss_cls = None


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
