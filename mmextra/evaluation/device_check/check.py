"""Everything that can be told about a device in some minutes."""
import platform
import statistics
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Union

import mmcv
import mmdet
import mmengine
import torch

from mmextra.version import __version__

from ..speed.memory import peak_memory
from ..speed.turns import take_turns, time_call
from .distributed import check_distributed
from .families import FAMILIES, make_data
from .ops import check_ops
from .steps import FamilySteps, scores_of

# Relative, of the sum of losses; of single precision to that of the CPU.
TOLERANCES = dict(fp32=0.01, bf16=0.05, fp16=0.05)


def describe(device: str) -> Dict[str, str]:
    """What the figures depend on; no names of machines or folders."""
    facts = dict(
        mmextra=__version__, torch=torch.__version__, mmcv=mmcv.__version__,
        mmdet=mmdet.__version__, mmengine=mmengine.__version__,
        python=platform.python_version(), device=torch.device(device).type)
    if torch.device(device).type == 'cuda':
        facts.update(
            device=torch.cuda.get_device_name(device),
            devices=str(torch.cuda.device_count()),
            cuda=str(torch.version.cuda),
            cudnn=str(torch.backends.cudnn.version()))
    else:
        facts['threads'] = str(torch.get_num_threads())
    return facts


def check_family(name: str, configs: Union[str, Path],
                 data: Union[str, Path], device: str,
                 precisions: Sequence[str], rounds: int
                 ) -> List[Dict[str, Any]]:
    """Train and test one family in several precisions.

    Args:
        name (str): Key of :data:`FAMILIES`.
        configs (str or Path): Folder of configs.
        data (str or Path): Folder of data sets.
        device (str): The device.
        precisions (Sequence[str]): Keys of :data:`PRECISIONS`.
        rounds (int): Of which times are the median.

    Returns:
        list[dict]: Per precision ``name``, ``precision``, ``loss``,
        ``loss_cpu`` (in single precision), ``difference`` (relative),
        ``loss_scale``, ``detections``, ``train_ms``, ``fps`` of one image,
        ``train_peak_mib``, ``test_peak_mib``, ``passed`` and ``problem``.
    """
    steps = FamilySteps(name, configs, data)
    host = steps.model_on('cpu')
    loss_cpu = float(steps.train(host).losses['loss'].detach())
    del host
    rows = []
    for precision in precisions:
        row: Dict[str, Any] = dict(
            name=name, precision=precision, loss_cpu=loss_cpu, problem='')
        try:
            _measure(row, steps, device, precision, rounds)
        except Exception as error:  # one must not end the others
            row['problem'] = f'{type(error).__name__}: {error}'.split('\n')[0]
        if not row['problem'] and not (
                row['difference'] <= TOLERANCES[precision]):
            row['problem'] = (f'the loss is {row["loss"]:.4g}, on the CPU '
                              f'{loss_cpu:.4g}')
        row['passed'] = not row['problem']
        rows.append(row)
    return rows


def _measure(row: Dict[str, Any], steps: FamilySteps, device: str,
             precision: str, rounds: int) -> None:
    """Fill in what one precision gives."""
    model = steps.model_on(device)
    trained = steps.train(model, precision)
    loss = float(trained.losses['loss'].detach())
    scores = scores_of(steps.test(model, precision))
    row.update(
        loss=loss, loss_scale=trained.scale,
        difference=abs(loss / row['loss_cpu'] - 1),
        detections=sum(map(len, scores)))
    if not trained.scale:
        row['problem'] = 'gradients are not finite at any scale of the loss'
    elif not all(bool(each.isfinite().all()) for each in scores):
        row['problem'] = 'scores are not finite'
    for mode, key in (('train', 'train_ms'), ('test', 'fps')):
        def step(call: Callable = getattr(steps, mode)) -> None:
            call(model, precision)

        row[f'{mode}_peak_mib'] = peak_memory(step, device) / 2**20
        times, = take_turns([lambda s=step: time_call(s, device)], rounds)
        seconds = statistics.median(each['wall'] for each in times)
        row[key] = 1000 * seconds if mode == 'train' else 1 / seconds


def check_device(configs: Union[str, Path], data: Union[str, Path],
                 device: str = 'cuda',
                 families: Optional[Sequence[str]] = None,
                 precisions: Sequence[str] = ('fp32', 'bf16', 'fp16'),
                 rounds: int = 5,
                 tell: Callable[[str], None] = print) -> Dict[str, Any]:
    """Check a device: operations, models, distributed training.

    Args:
        configs (str or Path): Folder of configs.
        data (str or Path): Folder of data sets; what is missing is made.
        device (str): The device.
        families (Sequence[str], optional): Keys of :data:`FAMILIES`; all if
            not given.
        precisions (Sequence[str]): Keys of :data:`PRECISIONS`.
        rounds (int): Of which times are the median.
        tell (Callable): Is told what comes next.

    Returns:
        dict: ``passed``, ``facts``, ``ops``, ``families`` and
        ``distributed`` (empty without two GPUs).

    Raises:
        ValueError: If there is no such device or family.
    """
    families = list(families or FAMILIES)
    unknown = set(families) - set(FAMILIES)
    if unknown:
        raise ValueError(f'no family {sorted(unknown)}; there are '
                         f'{list(FAMILIES)}')
    on_gpu = torch.device(device).type == 'cuda'
    if on_gpu and not torch.cuda.is_available():
        raise ValueError(
            'torch sees no GPU (torch.cuda.is_available() is False); install '
            'a torch with CUDA, or try the check itself by --device cpu')
    tell('data')
    make_data(data, [FAMILIES[name].data for name in families])
    tell('operations of mmcv')
    report: Dict[str, Any] = dict(facts=describe(device),
                                  ops=check_ops(device))
    # Not TensorFloat-32, which is compared with the CPU's 24 bits.
    tf32, torch.backends.cudnn.allow_tf32 = \
        torch.backends.cudnn.allow_tf32, False
    rows: List[Dict[str, Any]] = []
    try:
        for name in families:
            tell(name)
            rows += check_family(name, configs, data, device, precisions,
                                 rounds)
    finally:
        torch.backends.cudnn.allow_tf32 = tf32
    report.update(families=rows, distributed=[])
    if on_gpu and torch.cuda.device_count() > 1:
        tell('two processes')
        report['distributed'] = check_distributed(
            families, str(configs), str(data))
    report['passed'] = all(
        row['passed'] for part in ('ops', 'families', 'distributed')
        for row in report[part])
    return report
