"""A training step and a test of a model, on a device and counted."""
import copy
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Union

import torch
from mmengine.logging import MessageHub
from mmengine.optim import OptimWrapper
from torch import nn

from mmextra.evaluation.device_check import Family, family_config
from mmextra.evaluation.speed.costs import own_batch, show_classes
from mmextra.utils.untrained_model import build_untrained
from tests.helpers import ROOT
from tests.pretend_device.device import PretendGPU


class Prepared(NamedTuple):
    """A model on the host, and a batch of its own data of either mode."""
    cfg: Any
    model: nn.Module
    batches: Dict[str, Any]


class Counted(NamedTuple):
    """Results, and per mode what a pretend GPU wrote down."""
    losses: Dict[str, float]
    found: List[torch.Tensor]
    costs: Dict[str, dict]
    reports: Dict[str, str]


def prepare(family: Union[str, Family], data: Path) -> Prepared:
    """The untrained model of a family, the same each time."""
    cfg = family_config(family, ROOT / 'configs', data)
    torch.manual_seed(0)
    model = build_untrained(cfg)
    model.init_weights()
    # YOLOX changes the size of its images now and then.
    MessageHub.get_current_instance().update_info('iter', 0)
    batches = {}
    for mode in ('train', 'test'):
        torch.manual_seed(0)
        batches[mode] = own_batch(cfg, mode)
    return Prepared(cfg, model, batches)


def scores_of(results: list) -> List[torch.Tensor]:
    """Scores of all images or frames, and whatever else is predicted."""
    found = []
    for result in results:
        for sample in getattr(result, 'video_data_samples', [result]):
            found.append(sample.pred_instances.scores.cpu())
            if 'pred_img_scores' in sample:
                found.append(sample.pred_img_scores.cpu())
    return found


def run(prepared: Prepared, device: str,
        gpu: Optional[PretendGPU] = None) -> Counted:
    """A step that warms up and one that counts, then two tests."""
    model = copy.deepcopy(prepared.model).to(device)
    show_classes(prepared.cfg, model)
    optim = OptimWrapper(torch.optim.SGD(
        [p for p in model.parameters() if p.requires_grad], lr=1e-9))
    costs, reports = {}, {}
    for mode in ('train', 'test'):
        for _ in range(2 if gpu else 1):
            torch.manual_seed(1)
            batch = copy.deepcopy(prepared.batches[mode])
            if gpu:
                gpu.ledger.reset()
            if mode == 'train':
                losses = model.train().train_step(batch, optim)
            else:
                with torch.no_grad():
                    results = model.eval().test_step(batch)
        if gpu:
            costs[mode] = gpu.ledger.summary()
            reports[mode] = gpu.ledger.report()
    return Counted({name: float(loss.detach()) for name, loss in
                    losses.items()}, scores_of(results), costs, reports)
