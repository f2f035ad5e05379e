"""Speed and memory of detectors that take turns on the same noise."""
import functools
import math
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import torch
from mmcv.cnn import fuse_conv_bn
from mmdet.models.dense_heads import YOLOXHead
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.models.detectors import BaseDetector
from mmengine.config import Config
from mmengine.structures import InstanceData

from mmextra.evaluation.speed import TimedModel, random_batch
from mmextra.models.dense_heads import YOLOv5Head
from mmextra.models.losses import ObjectnessClassLoss
from mmextra.utils.untrained_model import build_untrained


def _objectness_place(head: BaseDenseHead) -> Optional[Tuple[int, int]]:
    """Channels of an anchor in a head's first maps, and which of them is the
    objectness before the classes; None without."""
    if isinstance(head, YOLOv5Head):
        return head.num_attrib, 4
    if isinstance(getattr(head, 'loss_cls', None), ObjectnessClassLoss):
        return head.cls_channels, 0
    return None


def _with_objectness(level: torch.Tensor, objectness: torch.Tensor,
                     channels: int, place: int) -> torch.Tensor:
    """A map with another objectness and a sure class.

    Args:
        level (torch.Tensor): Shape (B, A * channels, H, W).
        objectness (torch.Tensor): Logits, shape (B, A, H, W).
        channels (int): Of an anchor.
        place (int): Of the objectness; the classes follow.

    Returns:
        torch.Tensor: Shape of ``level``.
    """
    level = level.unflatten(1, (-1, channels)).clone()
    level[:, :, place] = objectness
    level[:, :, place + 1:] = -math.inf
    level[:, :, place + 1] = 20.
    return level.flatten(1, 2)


def _sure(levels: Sequence[torch.Tensor]) -> List[torch.Tensor]:
    """Class logits (B, C, H, W) that are all sure of the first class."""
    levels = [torch.full_like(level, -math.inf) for level in levels]
    for level in levels:
        level[:, 0] = 20.
    return levels


def apply_variant(cfg: Config, variant: Dict[str, Any]) -> None:
    """Change keys of a config.

    Args:
        cfg (Config): The config.
        variant (dict[str, Any]): Key, as in ``model.test_cfg.lasa``, to
            value.

    Raises:
        ValueError: If the config lacks a key (nothing would read it), or has
            the value already.
    """
    for key, value in variant.items():
        node = cfg
        for part in key.split('.'):
            if not isinstance(node, dict) and not isinstance(
                    node, Config) or part not in node:
                raise ValueError(
                    f'--variant {key}: {cfg.filename} has no such key; name '
                    'one that it has')
            node = node[part]
        if node == value:
            raise ValueError(f'--variant {key}: {cfg.filename} has the value '
                             f'{value} already; give another one')
    cfg.merge_from_dict(variant)


def take_weights(model: torch.nn.Module,
                 weights: Dict[str, torch.Tensor]) -> None:
    """Give a model the weights of the one that it is a variant of.

    Args:
        model (nn.Module): The model.
        weights (dict[str, Tensor]): Of the other.

    Raises:
        ValueError: If they do not fit.
    """
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(
            '--variant is for settings that leave the weights as they are; '
            f'write a config for others ({error})') from error


class Contestant(TimedModel):
    """One model, from a config file, its inputs and its readings.

    Args:
        path (str): The config file.
        size (int): Side of the images in pixels.
        batch_size (int): Images of a step.
        objects (int): Ground truths per image.
        candidates (int): Boxes per image that reach NMS in a test.
        device (str): Where it runs.
        fuse (bool): Fold batch normalisations into convolutions.
        variant (dict, optional): Config key to value, of the other model
            that gets this one's weights.
        first (Contestant, optional): Whose weights it gets; then
            ``variant`` is applied to the config.

    Raises:
        ValueError: If the variant is none, or its weights are others.
    """

    def __init__(self, path: str, *, size: int = 512, batch_size: int = 1,
                 objects: int = 100, candidates: int = 1500,
                 device: str = 'cpu', fuse: bool = False,
                 variant: Optional[Dict[str, Any]] = None,
                 first: Optional['Contestant'] = None) -> None:
        cfg = Config.fromfile(path)
        name = Path(path).stem
        if first is not None:
            variant = variant or {}
            apply_variant(cfg, variant)
            name = ' '.join([name, *(
                f'{key}={value}' for key, value in variant.items())])
        scope = cfg.get('default_scope', 'mmdet')
        model = build_untrained(cfg)
        model.init_weights()
        if first is not None:
            take_weights(model, first.weights)
        # Before they are fused.
        self.weights: Dict[str, Any] = model.state_dict() if variant else {}
        if fuse:
            model = fuse_conv_bn(model.eval())
        self.batch = random_batch(
            batch_size, size, objects, self._num_classes(cfg.model),
            scope == 'mmrotate')
        super().__init__(
            name, model.to(device), scope,
            dict(train=self.batch, test=self.batch), device)
        self.parts['assign'] = 0.
        self._watch_assigners()
        self.nms_boxes = 0
        head: Any = getattr(self.model, 'bbox_head', None)
        if head is not None:
            self._count_boxes(head)
            if getattr(head, 'use_sigmoid_cls', False) or isinstance(
                    head, YOLOv5Head):
                self._even_out(head, candidates)
        elif hasattr(self.model, 'rpn_head'):
            self._count_boxes(self.model.rpn_head)

    @staticmethod
    def _num_classes(model: dict) -> int:
        head = model.get('bbox_head') or model['roi_head'].bbox_head
        return (head[0] if isinstance(head, list) else head).num_classes

    def _watch_assigners(self) -> None:
        """Sum up the time that label assignment takes."""
        for module in self.model.modules():
            assigners = getattr(module, 'assigner', None) or getattr(
                module, 'bbox_assigner', None) or []
            for assigner in assigners if isinstance(
                    assigners, list) else [assigners]:
                name = ('assign_levels' if hasattr(
                    assigner, 'assign_levels') else 'assign')
                self.watch('assign', assigner, name)

    def _count_boxes(self, head: BaseDenseHead) -> None:
        """Count what the head hands to NMS."""
        method = head._bbox_post_process

        @functools.wraps(method)
        def counted(results: InstanceData, *args: Any,
                    with_nms: bool = True, **kwargs: Any) -> InstanceData:
            # LASA asks for the candidates without NMS first.
            if with_nms:
                self.nms_boxes += len(results)
            return method(results, *args, with_nms=with_nms, **kwargs)

        head._bbox_post_process = counted

    def _even_out(self, head: BaseDenseHead, candidates: int) -> None:
        """Let so many boxes of each image pass, the best ones."""
        model: BaseDetector = self.model
        with torch.no_grad():
            data = model.data_preprocessor(self.batch, False)
            model.eval()
            outputs = head(model.extract_feat(data['inputs']))
        levels = outputs[0]
        where = _objectness_place(head)
        if where is not None:
            channels, place = where
            levels = [level.unflatten(1, (-1, channels))[:, :, place]
                      for level in levels]
        elif isinstance(head, YOLOXHead):
            levels = outputs[2]
        logits = torch.cat([level.flatten(1) for level in levels], 1)
        wanted = min(candidates, logits.shape[1])
        best = logits.topk(wanted).indices
        # Not a shift: faint maps have equal values at the limit.
        threshold = logits.new_tensor(head.test_cfg.get('score_thr', 0.))
        passing = threshold.logit(eps=1e-3) + torch.linspace(
            2, 1, wanted, device=logits.device)
        whole = torch.full_like(logits, -math.inf).scatter_(
            1, best, passing.expand_as(best))
        even = [part.reshape(level.shape) for part, level in zip(
            whole.split([level[0].numel() for level in levels], 1), levels)]

        def replace(module: Any, inputs: Any, outputs: Any) -> Any:
            if module.training:
                return None
            if where is not None:
                return ([_with_objectness(level, part, *where)
                         for level, part in zip(outputs[0], even)],
                        *outputs[1:])
            if isinstance(module, YOLOXHead):
                return _sure(outputs[0]), outputs[1], even
            return (even, *outputs[1:])

        head.register_forward_hook(replace)
        head.test_cfg.nms_pre = max(head.test_cfg.get('nms_pre', 0), wanted)
        if getattr(head, 'lasa', None) is not None:
            # Under zero: samples of a box may all lie on dropped ones.
            head.lasa.min_score = -1.

    def weigh(self, mode: str) -> None:
        """Add the boxes before NMS, per image."""
        self.nms_boxes = 0
        super().weigh(mode)
        self.usage[mode]['nms_boxes'] = self.nms_boxes / len(
            self.batch['inputs'])


def summarise(contestants: List[Contestant], mode: str) -> List[dict]:
    """Medians of all readings, and their ratio to the first model's."""
    rows = [contestant.summary(mode) for contestant in contestants]
    for row in rows:
        row['wall_ratio'] = row['wall_ms'] / rows[0]['wall_ms']
        row['cpu_ratio'] = row['cpu_ms'] / rows[0]['cpu_ms']
    return rows
