"""Distributed training on several devices of one machine."""
import os
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Sequence

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from mmengine.model import MMDistributedDataParallel

from .steps import FamilySteps


def ddp_step(steps: FamilySteps, device: str) -> Dict[str, Any]:
    """A distributed training step of this process.

    Args:
        steps (FamilySteps): The family.
        device (str): Of this process.

    Returns:
        dict: ``finite``: whether the gradients are; ``apart``: the largest
        difference between processes, which must be 0.
    """
    model = steps.model_on(device)
    ids = None if torch.device(device).type == 'cpu' else [
        torch.device(device).index]
    wrapped = MMDistributedDataParallel(
        model, device_ids=ids, broadcast_buffers=False)
    data = model.data_preprocessor(steps.batches['train'], True)
    # Every process draws other samples.
    torch.manual_seed(dist.get_rank())
    total, _ = model.parse_losses(wrapped(**data, mode='loss'))
    total.backward()
    gradients = torch.cat([p.grad.flatten() for p in model.parameters()
                           if p.grad is not None])
    highest, lowest = gradients.clone(), gradients.clone()
    dist.all_reduce(highest, dist.ReduceOp.MAX)
    dist.all_reduce(lowest, dist.ReduceOp.MIN)
    return dict(finite=bool(gradients.isfinite().all()),
                apart=float((highest - lowest).max()))


def _worker(rank: int, world: int, kind: str, store: str,
            names: Sequence[str], configs: str, data: str) -> None:
    import mmextra  # noqa: F401
    device = f'cuda:{rank}' if kind == 'cuda' else 'cpu'
    if kind == 'cuda':
        torch.cuda.set_device(rank)
    dist.init_process_group(
        'nccl' if kind == 'cuda' else 'gloo', init_method=f'file://{store}',
        rank=rank, world_size=world)
    rows: List[Dict[str, Any]] = []
    for name in names:
        row: Dict[str, Any] = dict(name=name, problem='')
        try:
            row.update(ddp_step(FamilySteps(name, configs, data), device))
        except Exception as error:  # one must not end the others
            row['problem'] = f'{type(error).__name__}: {error}'.split('\n')[0]
        row['passed'] = row.get('finite', False) and row['apart'] == 0
        rows.append(row)
    if rank == 0:
        torch.save(rows, f'{store}.rows')
    dist.barrier()
    dist.destroy_process_group()


def check_distributed(names: Sequence[str], configs: str, data: str,
                      kind: str = 'cuda', world: int = 2
                      ) -> List[Dict[str, Any]]:
    """Train families on several processes.

    Args:
        names (Sequence[str]): Families.
        configs (str): Folder of configs.
        data (str): Folder of data sets, which must be there.
        kind (str): ``'cuda'`` or ``'cpu'``.
        world (int): Number of processes, one device each.

    Returns:
        list[dict]: See :func:`ddp_step`, with ``name``, ``passed`` and
        ``problem``.
    """
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / 'store')
        mp.spawn(_worker, (world, kind, store, list(names), str(configs),
                           str(data)), nprocs=world)
        return torch.load(f'{store}.rows', weights_only=True)
