"""A training step and a test of a family on the pretend GPU, counted."""
from typing import Dict, List, NamedTuple, Optional

import torch

from mmextra.evaluation.device_check import FamilySteps, scores_of
from tests.pretend_device.device import PretendGPU


class Counted(NamedTuple):
    """Results, and per mode what a pretend GPU wrote down."""
    losses: Dict[str, float]
    found: List[torch.Tensor]
    costs: Dict[str, dict]
    reports: Dict[str, str]


def run(steps: FamilySteps, device: str,
        gpu: Optional[PretendGPU] = None) -> Counted:
    """A step that fills caches and one that counts, then two tests."""
    model = steps.model_on(device)
    costs, reports, results = {}, {}, {}
    for mode in ('train', 'test'):
        for _ in range(2):
            if gpu:
                gpu.ledger.reset()
            results[mode] = getattr(steps, mode)(model)
        if gpu:
            costs[mode] = gpu.ledger.summary()
            reports[mode] = gpu.ledger.report()
    losses = {name: float(loss.detach())
              for name, loss in results['train'].losses.items()}
    return Counted(losses, scores_of(results['test']), costs, reports)
