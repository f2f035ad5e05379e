"""Learning rate, momentum and warm-up of YOLOv5."""
import math
from typing import Literal, Optional, Set

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import IterBasedTrainLoop, Runner

from mmextra.utils.checks import check_choice

LrPolicy = Literal['linear', 'cosine']


def lr_factor(epoch: int, max_epochs: int, lrf: float,
              policy: LrPolicy) -> float:
    """Factor of the learning rate in an epoch, 1 falling to about ``lrf``.

    Args:
        epoch (int): The epoch, or iteration, from 0.
        max_epochs (int): Number of them.
        lrf (float): Factor that is reached after the last one.
        policy (str): 'linear' or 'cosine'.

    Returns:
        float: The factor.
    """
    left = 1 - epoch / max_epochs
    if policy == 'cosine':
        left = (1 + math.cos(math.pi * epoch / max_epochs)) / 2
    return left * (1 - lrf) + lrf


@HOOKS.register_module()
class YOLOLrHook(Hook):
    """Set learning rate and momentum before every iteration.

    During the warm-up the rates of weights rise from 0 and those of biases
    fall from ``warmup_bias_lr`` to that of the epoch, and the momentum rises
    from ``warmup_momentum`` to the optimiser's. Everything follows from the
    numbers of the iteration and the epoch, so that a resumed run goes on
    where it stopped. Use it with ``param_scheduler=[]``, for mmengine's
    schedulers would multiply what it sets.

    Args:
        warmup_epochs (float): Length of the warm-up.
        warmup_min_iters (int): Its least length in iterations.
        warmup_bias_lr (float): Rate of the biases in iteration 0.
        warmup_momentum (float): Momentum in iteration 0.
        lrf (float): Final factor of the rate.
        policy (str): 'linear' or 'cosine', over the epochs.
        by_epoch (bool): Keep the rate within an epoch, as YOLOv5 does;
            without it the rate changes with every iteration. A training loop
            counted in iterations needs ``by_epoch=False``.

    Raises:
        ValueError: If the policy is unknown.
    """

    priority = 'NORMAL'

    def __init__(self,
                 warmup_epochs: float = 3,
                 warmup_min_iters: int = 1000,
                 warmup_bias_lr: float = 0.1,
                 warmup_momentum: float = 0.8,
                 lrf: float = 0.01,
                 policy: LrPolicy = 'linear',
                 by_epoch: bool = True) -> None:
        check_choice('policy', policy, LrPolicy)
        self.warmup_epochs = warmup_epochs
        self.warmup_min_iters = warmup_min_iters
        self.warmup_bias_lr = warmup_bias_lr
        self.warmup_momentum = warmup_momentum
        self.lrf = lrf
        self.policy = policy
        self.by_epoch = by_epoch
        self._bias_groups: Set[int] = set()

    def before_train(self, runner: Runner) -> None:
        """Remember the configured rates, and which groups hold biases.

        Raises:
            ValueError: If the config has schedulers besides, or counts in
                iterations and the hook in epochs.
        """
        if self.by_epoch and isinstance(
                getattr(runner, 'train_loop', None), IterBasedTrainLoop):
            raise ValueError('train_cfg counts in iterations, which are one '
                             'epoch; give YOLOLrHook by_epoch=False')
        schedulers = runner.param_schedulers
        if isinstance(schedulers, (list, dict)) and schedulers:
            raise ValueError('YOLOLrHook sets the learning rate itself; give '
                             'the config param_scheduler=[]')
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        biases = {id(p) for name, p in model.named_parameters()
                  if name.endswith('.bias')}
        self._bias_groups = set()
        for i, group in enumerate(runner.optim_wrapper.param_groups):
            # The values of a resumed group are those of its last iteration.
            for key in ('lr', 'momentum'):
                if key in group:
                    group.setdefault(f'initial_{key}', group[key])
            # mmengine appends a group with a number in place of a list.
            params = group['params']
            if isinstance(params, list) and params and all(
                    id(p) in biases for p in params):
                self._bias_groups.add(i)

    def before_train_iter(self,
                          runner: Runner,
                          batch_idx: int,
                          data_batch: Optional[dict] = None) -> None:
        """Set what this iteration trains with."""
        warmup = max(
            round(self.warmup_epochs * len(runner.train_dataloader)),
            self.warmup_min_iters)
        done = min(runner.iter / warmup, 1.) if warmup else 1.
        now, end = ((runner.epoch, runner.max_epochs) if self.by_epoch else
                    (runner.iter, runner.max_iters))
        factor = lr_factor(now, end, self.lrf, self.policy)
        for i, group in enumerate(runner.optim_wrapper.param_groups):
            start = self.warmup_bias_lr if i in self._bias_groups else 0.
            rate = group['initial_lr'] * factor
            group['lr'] = start + (rate - start) * done
            if 'momentum' in group:
                group['momentum'] = self.warmup_momentum + done * (
                    group['initial_momentum'] - self.warmup_momentum)
