"""A training step and a test of a family, in any precision."""
import copy
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Union

import torch
from mmengine.logging import MessageHub
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from mmextra.utils.untrained_model import build_untrained

from ..speed.costs import own_batch, show_classes
from .families import Family, family_config

PRECISIONS = dict(
    fp32=torch.float32, bf16=torch.bfloat16, fp16=torch.float16)
# Of the loss in half precision; as a scaler does, the first is taken whose
# gradients are finite.
SCALES = (1024., 64., 4., 1.)


class Trained(NamedTuple):
    """What a training step gave.

    Attributes:
        losses (dict[str, Tensor]): What the model logs, ``loss`` the sum.
        scale (float): Factor of the loss, 0 if no gradient was finite.
    """
    losses: Dict[str, Tensor]
    scale: float


class FamilySteps:
    """The untrained model of a family, the same every time, and batches.

    Args:
        family (str or Family): See :func:`family_config`.
        configs (str or Path): Folder of configs.
        data (str or Path): Folder of data sets.
    """

    def __init__(self, family: Union[str, Family], configs: Union[str, Path],
                 data: Union[str, Path]) -> None:
        self.cfg = family_config(family, configs, data)
        torch.manual_seed(0)
        self.model = build_untrained(self.cfg)
        self.model.init_weights()
        self.batches: Dict[str, Any] = {}
        for mode in ('train', 'test'):
            torch.manual_seed(0)
            self.batches[mode] = own_batch(self.cfg, mode)

    def model_on(self, device: Union[str, torch.device]) -> nn.Module:
        """A copy on a device, which was shown its classes."""
        init_default_scope(self.cfg.get('default_scope', 'mmdet'))
        # YOLOX changes the size of its images now and then.
        MessageHub.get_current_instance().update_info('iter', 0)
        model = copy.deepcopy(self.model).to(device)
        show_classes(self.cfg, model)
        return model

    def train(self, model: nn.Module, precision: str = 'fp32') -> Trained:
        """Forward and backward.

        Args:
            model (nn.Module): From :meth:`model_on`; it has gradients
                afterwards.
            precision (str): Key of :data:`PRECISIONS`.

        Returns:
            Trained: Losses, and whether gradients are finite.
        """
        scales = SCALES if precision == 'fp16' else (1., )
        for scale in scales:
            model.train().zero_grad()
            torch.manual_seed(1)
            with self._autocast(model, precision):
                data = model.data_preprocessor(
                    copy.deepcopy(self.batches['train']), True)
                total, logs = model.parse_losses(model(**data, mode='loss'))
            (total * scale).backward()
            if len(scales) == 1 or _finite_gradients(model):
                return Trained(logs, scale)
        return Trained(logs, 0.)

    @torch.no_grad()
    def test(self, model: nn.Module, precision: str = 'fp32') -> List[Any]:
        """Predictions of one sample.

        Args:
            model (nn.Module): From :meth:`model_on`.
            precision (str): Key of :data:`PRECISIONS`.

        Returns:
            list: Data samples.
        """
        model.eval()
        torch.manual_seed(1)
        with self._autocast(model, precision):
            return model.test_step(copy.deepcopy(self.batches['test']))

    @staticmethod
    def _autocast(model: nn.Module, precision: str) -> torch.autocast:
        return torch.autocast(
            next(model.parameters()).device.type, PRECISIONS[precision],
            enabled=precision != 'fp32')


def _finite_gradients(model: nn.Module) -> bool:
    return all(bool(p.grad.isfinite().all()) for p in model.parameters()
               if p.grad is not None)


def scores_of(results: List[Any]) -> List[Tensor]:
    """Scores on the host of all images or frames, the image's own among
    them."""
    found = []
    for result in results:
        for sample in getattr(result, 'video_data_samples', [result]):
            found.append(sample.pred_instances.scores.float().cpu())
            if 'pred_img_scores' in sample:
                found.append(sample.pred_img_scores.float().cpu())
    return found
