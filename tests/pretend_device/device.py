"""A GPU that is not there, so that its bugs are found where there is none.

Inside ``with PretendGPU() as gpu:`` there is a device ``'cuda'``::

    with PretendGPU() as gpu:
        model = model.to('cuda:0')
        model(torch.rand(2, 3, 64, 64, device='cuda')).sum().backward()
    print(gpu.ledger.report())

A :class:`PretendTensor` says that it is on ``cuda:0`` and holds a CPU tensor,
on which everything is computed, so results are those of the CPU. What CUDA
refuses raises :class:`DeviceError`: tensors of both devices in one operation
(but for what CUDA allows: copies, single numbers, CPU indices), ``numpy()``,
products of integers. What CUDA pays for is written into the
:class:`~tests.pretend_device.ledger.Ledger`.

Three layers do it:

1. For C++ the wrapper lies on ``meta``, which autograd knows in every build
   of torch; for Python its ``device`` says ``cuda:0``.
2. A function mode translates ``'cuda'`` in arguments, and splits what C++
   would do in one step (numbers that become tensors, lists as indices).
3. A dispatch mode sees every single operation, checks it, counts it and does
   it on the CPU tensors. mmcv's compiled operations are wrapped one by one.

Not found are kernels that CUDA lacks or computes otherwise, races between
streams, and anything with several devices.
"""
import contextlib
import functools
from typing import Any, Callable, Iterator, List
from unittest import mock

import mmcv._ext as mmcv_ops
import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from .ledger import DOUBLE, SYNC, UPLOAD, Ledger

CPU, META = torch.device('cpu'), torch.device('meta')
CUDA = torch.device('cuda', 0)

# Their result, or its size, must be known to the host.
WAITING = {
    '_local_scalar_dense', 'nonzero', 'masked_select', '_unique2',
    'unique_dim', 'unique_consecutive', 'bincount', 'equal',
    'repeat_interleave'
}
MMCV_WAITING = {'nms', 'nms_rotated', 'softnms', 'nms_match', 'nms_quadri'}
# Not marked as views, and yet nothing is launched.
SILENT = {
    '_unsafe_view', '_reshape_alias', 'lift_fresh', 'empty', 'empty_like',
    'empty_strided', 'new_empty', 'new_empty_strided', 'equal',
    '_local_scalar_dense'
}
# CUDA has no kernels of these for integers.
REAL_ONLY = {
    'mm', 'addmm', 'bmm', 'baddbmm', 'mv', 'addmv', 'convolution',
    'avg_pool2d', 'max_pool2d_with_indices', '_adaptive_avg_pool2d'
}
INDEXING = {
    'index', 'index_put', 'index_put_', '_index_put_impl_', '_unsafe_index',
    '_unsafe_index_put'
}


class DeviceError(RuntimeError):
    """What CUDA would raise."""


class PretendTensor(Tensor):
    """A tensor on the pretend device; ``inner`` is the real one."""
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, inner: Tensor, gpu: 'PretendGPU') -> 'PretendTensor':
        with torch._C._DisableTorchDispatch(), torch._C.DisableTorchFunction():
            shell = torch.empty_strided(
                inner.shape, inner.stride(), dtype=inner.dtype, device=META)
            self = Tensor._make_subclass(
                cls, shell, device_for_backend_keys=CUDA)
        self.inner, self.gpu = inner, gpu
        self.block = gpu.ledger.hold(inner)
        return self

    device = property(lambda self: CUDA)
    is_cuda = property(lambda self: True)
    is_meta = property(lambda self: False)

    def get_device(self) -> int:
        return 0

    def numpy(self, *args, **kwargs):
        raise TypeError("can't convert cuda:0 device type tensor to numpy. "
                        'Use Tensor.cpu() to copy the tensor to host memory '
                        'first.')

    __array__ = numpy

    def tolist(self):
        return self.detach().cpu().tolist()

    def __deepcopy__(self, memo: dict) -> 'PretendTensor':
        copied = self.detach().clone().requires_grad_(self.requires_grad)
        copied._is_param = isinstance(self, torch.nn.Parameter)
        return memo.setdefault(id(self), copied)

    def __repr__(self, **kwargs) -> str:
        return f'cuda:0 {self.inner!r}'

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        # The mode is off inside of backward hooks and the like.
        gpu = next(each.gpu for each in tensors_in((args, kwargs or {}))
                   if isinstance(each, PretendTensor))
        return gpu.__torch_dispatch__(func, types, args, kwargs)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """All tensors of nested lists, tuples and dictionaries."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from tensors_in(each)


def map_tensors(change: Callable[[Tensor], Any], value: Any) -> Any:
    """The same nest with every tensor changed."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, dict):
        return {k: map_tensors(change, v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        made = [map_tensors(change, each) for each in value]
        return made if isinstance(value, list) else tuple(made)
    return value


def unwrap(value: Any) -> Any:
    """The real tensors of a nest."""
    return map_tensors(
        lambda t: t.inner if isinstance(t, PretendTensor) else t, value)


class _Translation(TorchFunctionMode):
    """``'cuda'`` to ``meta``, and large steps to small ones."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = {key: self._device(value, key == 'device')
                  for key, value in (kwargs or {}).items()}
        args = tuple(self._device(value, func is Tensor.to)
                     for value in args)
        pretend = bool(args) and isinstance(args[0], PretendTensor)
        if func is Tensor.cuda:
            return args[0].to(META)
        if func is Tensor.new and pretend:
            if isinstance(args[1], (int, torch.Size)):
                return args[0].new_empty(*args[1:])
            func = Tensor.new_tensor
        if func is Tensor.new_tensor:
            kwargs.setdefault('device', META if pretend else args[0].device)
            kwargs.setdefault('dtype', args[0].dtype)
            return self._constant(torch.tensor, args[1:], kwargs)
        if func in (torch.tensor, torch.as_tensor):
            return self._constant(func, args, kwargs)
        if pretend and func in (Tensor.__getitem__, Tensor.__setitem__):
            args = (args[0], self._index(args[1]), *args[2:])
            if len(args) == 3 and isinstance(args[2], (bool, int, float)):
                # A number that is filled in goes with the launch.
                args = (*args[:2], torch.tensor(args[2], dtype=args[0].dtype))
        return func(*args, **kwargs)

    @staticmethod
    def _device(value: Any, may_be_text: bool) -> Any:
        if isinstance(value, torch.device):
            return META if value.type == 'cuda' else value
        if may_be_text and isinstance(value, str) and \
                value.startswith('cuda'):
            return META
        return value

    @staticmethod
    def _constant(func: Callable, args: tuple, kwargs: dict) -> Tensor:
        """Numbers become a tensor on the host, which then goes up."""
        data = args[0] if args else kwargs.pop('data')
        device, dtype = kwargs.pop('device', None), kwargs.get('dtype')
        wants_grad = kwargs.pop('requires_grad', False)
        made = data if isinstance(data, Tensor) else func(data, **kwargs)
        if device is not None:
            made = made.to(device)
        if dtype is not None:
            made = made.to(dtype)
        if isinstance(data, Tensor) and func is torch.tensor:
            made = made.detach().clone()
        return made.requires_grad_() if wants_grad else made

    @classmethod
    def _index(cls, index: Any) -> Any:
        """Lists in brackets are tensors on the host."""
        if isinstance(index, tuple):
            return tuple(cls._index(each) for each in index)
        if isinstance(index, (list, range, np.ndarray)):
            made = torch.as_tensor(index)
            return made if made.numel() else made.long()
        return index


class PretendGPU(TorchDispatchMode):
    """The device, while inside its context.

    Args:
        package (str): See :class:`Ledger`.

    Attributes:
        ledger (Ledger): What was counted.
    """

    def __init__(self, package: str = 'mmextra') -> None:
        super().__init__()
        self.ledger = Ledger(package)
        self._open = contextlib.ExitStack()

    def __enter__(self) -> 'PretendGPU':
        enter = self._open.enter_context
        ledger = self.ledger
        for name, fake in dict(
                synchronize=lambda *_: ledger.note(SYNC, 'synchronize'),
                memory_allocated=lambda *_: ledger.held,
                max_memory_allocated=lambda *_: ledger.peak,
                reset_peak_memory_stats=lambda *_: None).items():
            enter(mock.patch.object(torch.cuda, name, fake))
        for name, func in dict(vars(mmcv_ops)).items():
            if callable(func) and not name.startswith('_'):
                enter(mock.patch.object(
                    mmcv_ops, name, self._compiled(name, func)))
        # Parameters change in place, as on their way to a real device.
        future = torch.__future__
        self._open.callback(
            future.set_swap_module_params_on_conversion,
            future.get_swap_module_params_on_conversion())
        future.set_swap_module_params_on_conversion(True)
        super().__enter__()
        enter(_Translation())
        return self

    def __exit__(self, *error):
        self._open.close()
        return super().__exit__(*error)

    def _compiled(self, name: str, func: Callable) -> Callable:
        """An operation of mmcv: all its tensors on the device, or none."""

        @functools.wraps(func)
        def call(*args, **kwargs):
            on_device = [isinstance(each, PretendTensor)
                         for each in tensors_in((args, kwargs))]
            if not any(on_device):
                return func(*args, **kwargs)
            if not all(on_device):
                raise DeviceError(f'{name}: all inputs must be on cuda:0')
            if name in MMCV_WAITING:
                self.ledger.note(SYNC, f'mmcv.{name}')
            self.ledger.launch(f'mmcv.{name}')
            out = func(*unwrap(args), **unwrap(kwargs))
            return map_tensors(lambda t: PretendTensor(t, self), out)

        return call

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, func.overloadpacket.__name__
        tensors = list(tensors_in((args, kwargs)))
        here = {id(each.inner): each for each in tensors
                if isinstance(each, PretendTensor)}
        away = [each for each in tensors
                if not isinstance(each, PretendTensor)]
        if any(each.is_meta for each in away):
            raise NotImplementedError(f'{func}: a tensor on meta leaked out')
        target = kwargs.get('device')
        up = target is not None and target.type == 'meta'
        down = target is not None and not up
        if not here and not up:
            return func(*args, **kwargs)
        if up:
            kwargs = dict(kwargs, device=CPU)
        if name in ('_to_copy', 'copy_'):
            down |= name == 'copy_' and not isinstance(args[0],
                                                       PretendTensor)
            if down or away:
                self.ledger.note(SYNC if down else UPLOAD, name)
        elif here:
            self._check(func, name, args, kwargs, away)
        out = func(*unwrap(args), **unwrap(kwargs))
        if down:
            return out
        if not func.is_view and name not in SILENT:
            self.ledger.launch(name)

        def wrap(tensor: Tensor) -> PretendTensor:
            known = here.get(id(tensor))
            if known is not None:
                if known.shape != tensor.shape:
                    raise NotImplementedError(
                        f'{name} changes a shape in place')
                return known
            if tensor.dtype is torch.float64 and not func.is_view:
                self.ledger.note(DOUBLE, name)
            return PretendTensor(tensor, self)

        return map_tensors(wrap, out)

    def _check(self, func, name: str, args: tuple, kwargs: dict,
               away: List[Tensor]) -> None:
        """Refuse what CUDA refuses, note what it waits for."""
        if name in INDEXING:
            indices = [each for each in args[1] if each is not None]
            if not isinstance(args[0], PretendTensor):
                raise DeviceError(f'{name}: indices are on cuda:0, but the '
                                  'indexed tensor is on cpu')
            for index in indices:
                if not isinstance(index, PretendTensor):
                    self.ledger.note(UPLOAD, 'index of the host')
                    away = [each for each in away if each is not index]
            # A single number under a single mask is a masked_fill.
            fills = 'put' in name and len(indices) == 1 and not isinstance(
                args[2], PretendTensor)
            if not fills and any(index.dtype in (torch.bool, torch.uint8)
                                 for index in indices):
                self.ledger.note(SYNC, f'{name} by mask')
        written = [value for value, argument in zip(
            args, func._schema.arguments) if argument.alias_info is not None
            and argument.alias_info.is_write]
        if away and (
                name in ('cat', 'stack')
                or any(each.dim() for each in away)
                or len(away) > 1 and name != 'where'
                or any(value is each for value in written for each in away)):
            raise DeviceError(
                'Expected all tensors to be on the same device, but found '
                f'cuda:0 and cpu! ({name} with '
                f'{[tuple(each.shape) for each in away]} on cpu)')
        if name in REAL_ONLY and not args[0].is_floating_point():
            raise DeviceError(
                f'"{name}" is not implemented for {args[0].dtype} on cuda')
        waits = name in WAITING and kwargs.get('output_size') is None
        if name == 'multinomial':
            # It looks whether there are enough positive weights.
            waits = args[1] == 1 or True not in args[2:]
        if waits:
            self.ledger.note(SYNC, name)
