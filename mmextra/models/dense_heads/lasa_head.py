"""LASA for the dense heads of mmdet and mmrotate."""
import copy
import functools
import inspect
import types
from typing import Callable, List, Optional, Set, Tuple, Type, Union

import torch
from mmdet.models.dense_heads import RetinaHead
from mmdet.models.utils import filter_scores_and_topk
from mmdet.registry import MODELS
from mmdet.structures.bbox import BaseBoxes, HorizontalBoxes
from mmdet.utils import OptConfigType
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmextra.models.task_modules.lasa import Offset
from mmextra.utils import host_registries, register_in_both


def _as_rotated(boxes: Union[Tensor, BaseBoxes]) -> Tensor:
    """Boxes as (cx, cy, w, h, angle), shape (M, 5)."""
    if not isinstance(boxes, BaseBoxes):
        if boxes.size(-1) == 5:
            return boxes
        boxes = HorizontalBoxes(boxes, clone=False)
    if isinstance(boxes, HorizontalBoxes):
        # The conversion to 'rbox' is mmrotate's.
        corners = boxes.tensor
        sides = corners[..., 2:] - corners[..., :2]
        return torch.cat([boxes.centers, sides, sides[..., :1] * 0], dim=-1)
    return boxes.convert_to('rbox').tensor


# Scores, classes and places of the candidates of a level, shape (n, ) each.
Chosen = Tuple[Tensor, Tensor, Tensor]


def _listen(predict: Callable, heard: List[Chosen]) -> Callable:
    """A head's own method, which also tells what it chooses.

    Asked again, the same question would cost a GPU as long a wait again.

    Args:
        predict (Callable): Bound method that calls
            ``filter_scores_and_topk`` of its module.
        heard (list): Gets a :data:`Chosen` for every call.

    Returns:
        Callable: The same code, bound to the same head.
    """

    @functools.wraps(filter_scores_and_topk)
    def choose(*args, **kwargs):
        results = filter_scores_and_topk(*args, **kwargs)
        heard.append(results[:3])
        return results

    own = getattr(predict, '__func__', None)
    if not isinstance(own, types.FunctionType):
        return predict
    twin = types.FunctionType(
        own.__code__, {**own.__globals__, 'filter_scores_and_topk': choose},
        own.__name__, own.__defaults__, own.__closure__)
    twin.__kwdefaults__ = own.__kwdefaults__
    return types.MethodType(twin, predict.__self__)


class LASAMixin:
    """Let a dense head align its scores before NMS (LARSD, Sec. II-C).

    Put it before the head in the bases. It reads ``test_cfg['lasa']``, a
    config of :class:`LocalityAwareScoreAlign`; None or absent switches it
    off. Training is not touched.

    It serves heads with sigmoid scores whose ``_predict_by_feat_single``
    chooses candidates by ``filter_scores_and_topk``: mmdet's anchor-based
    and anchor-free heads and all their rotated kin in mmrotate, with or
    without centerness. Others are refused when they are built.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.set_lasa((self.test_cfg or {}).get('lasa'))

    def set_lasa(self, lasa: OptConfigType) -> None:
        """Exchange the alignment; the weights stay as they are.

        Args:
            lasa (dict, optional): Config as in ``test_cfg``; None switches
                it off.

        Raises:
            TypeError: If the head does not predict in the way that LASA
                reaches, see the class.
            ValueError: If the head has no sigmoid scores, or the config is
                not legal.
        """
        obstacle = lasa and why_unreachable(type(self))
        if obstacle:
            raise TypeError(
                f'LASA cannot align the scores of {type(self).__name__}: '
                f'{obstacle}. Take another head, or switch it off by '
                'test_cfg.lasa=None')
        self.lasa = MODELS.build(lasa) if lasa else None
        if self.lasa and not getattr(self, 'use_sigmoid_cls', True):
            raise ValueError(
                f'LASA needs sigmoid scores, but {type(self).__name__} has '
                'a softmax; set use_sigmoid=True in its loss_cls')
        if self.lasa:
            for parameter in self.parameters():
                self.lasa.to(parameter.device)
                break

    def _predict_by_feat_single(self, cls_score_list: List[Tensor], *args,
                                img_meta: dict,
                                cfg: Optional[ConfigDict] = None,
                                rescale: bool = False,
                                with_nms: bool = True,
                                **kwargs) -> InstanceData:
        """The head's own candidates, aligned, then its own post-processing.

        Args:
            cls_score_list (list[Tensor]): Logits of each level of one
                image, shape (num_priors * num_classes, H, W).
            *args: The other predictions, as the head passes them.
            img_meta (dict): As in the head.
            cfg (ConfigDict, optional): As in the head.
            rescale (bool): As in the head.
            with_nms (bool): As in the head.
            **kwargs: As in the head.

        Returns:
            :obj:`InstanceData`: As of the head.
        """
        predict = super()._predict_by_feat_single
        if self.lasa is None:
            return predict(cls_score_list, *args, img_meta=img_meta, cfg=cfg,
                           rescale=rescale, with_nms=with_nms, **kwargs)
        cfg = self.test_cfg if cfg is None else cfg
        # All candidates in the order of their choice, so none is dropped
        # for its size yet; boxes at the network's scale.
        raw_cfg = copy.deepcopy(cfg)
        raw_cfg.min_bbox_size = -1
        heard: List[Chosen] = []
        results = _listen(predict, heard)(
            cls_score_list, *args, img_meta=img_meta, cfg=raw_cfg,
            rescale=False, with_nms=False, **kwargs)
        if len(results):
            results = self._align(cls_score_list, results, cfg, heard)
        return self._bbox_post_process(
            results=results, cfg=cfg, rescale=rescale, with_nms=with_nms,
            img_meta=img_meta)

    def _align(self, cls_score_list: List[Tensor], results: InstanceData,
               cfg: ConfigDict, heard: List[Chosen]) -> InstanceData:
        """Replace the candidates' scores and drop what falls too low."""
        score_thr = cfg.get('score_thr', 0)
        maps, raw, levels, channels = [], [], [], []
        for level, logits in enumerate(cls_score_list):
            num_priors = len(logits) // self.num_classes
            # Computed as the head does, so the same candidates come out.
            scores = logits.permute(1, 2, 0).reshape(
                -1, self.num_classes).sigmoid()
            # A head that chooses elsewhere than in its own method is silent.
            kept = heard[level] if len(heard) == len(cls_score_list) else \
                filter_scores_and_topk(scores, score_thr,
                                       cfg.get('nms_pre', -1))
            maps.append(scores.view(*logits.shape[1:], -1).permute(2, 0, 1))
            raw.append(kept[0])
            levels.append(torch.full_like(kept[1], level))
            channels.append(kept[2] % num_priors * self.num_classes + kept[1])
        raw = torch.cat(raw)
        if len(raw) != len(results):
            raise TypeError(
                f'{type(self).__name__} does not choose its candidates by '
                f'score_thr and nms_pre alone ({len(results)} boxes for '
                f'{len(raw)} scores), so LASA cannot tell where they are '
                'from; switch it off by test_cfg.lasa=None')
        aligned = self.lasa(
            maps, _as_rotated(results.bboxes).float(), raw.float(),
            torch.cat(levels), torch.cat(channels),
            self.prior_generator.strides, self._location_offset())
        # A centerness that the head multiplied in stays in.
        results.scores = results.scores * (
            aligned / raw.clamp(min=torch.finfo(raw.dtype).tiny))
        min_score = self.lasa.min_score
        # One wait for all fields, which as a mask each would cost.
        kept = (aligned > (score_thr if min_score is None else min_score)
                ).nonzero()[:, 0]
        # Not results[kept]: InstanceData indexes box objects one by one.
        return InstanceData(**{k: v[kept] for k, v in results.items()})

    def _location_offset(self) -> Offset:
        """Where in a cell the head's locations lie."""
        generator = self.prior_generator
        if not hasattr(generator, 'base_anchors'):
            return getattr(generator, 'offset', 0.)
        # Anchors of a location share their centre, however it was told.
        offsets = []
        for anchors, stride in zip(generator.base_anchors, generator.strides):
            x1, y1, x2, y2 = anchors[0].tolist()
            offsets.append(((x1 + x2) / 2 / stride[0],
                            (y1 + y2) / 2 / stride[1]))
        return offsets


def why_unreachable(head: Type[nn.Module]) -> str:
    """What keeps :class:`LASAMixin` from the scores of a head.

    Args:
        head (type): Class of the head.

    Returns:
        str: The reason; empty for a head that it serves.
    """
    whole = _names_in(head, 'predict_by_feat')
    single = _names_in(head, '_predict_by_feat_single')
    if '_predict_by_feat_single' not in whole:
        return ('its predict_by_feat decodes by itself, without '
                '_predict_by_feat_single')
    if 'filter_scores_and_topk' not in single:
        return 'it does not choose candidates by filter_scores_and_topk'
    if '_bbox_post_process' not in single:
        return ('it ends in a post-processing of its own, not in '
                '_bbox_post_process')
    return ''


def _names_in(head: Type[nn.Module], method: str) -> Set[str]:
    """Names that a method uses, and where it calls it the parent's."""
    names: Set[str] = set()
    for cls in head.__mro__:
        function = cls.__dict__.get(method)
        if function is None or cls is LASAMixin:
            continue
        names.update(inspect.unwrap(function).__code__.co_names)
        if 'super' not in names:
            break
    return names


@register_in_both('MODELS')
class LASARetinaHead(LASAMixin, RetinaHead):
    """RetinaNet's head, horizontal or rotated, with LASA."""


_LASA_CLASSES = {}


def _with_lasa(head: Type[nn.Module]) -> Type[nn.Module]:
    if head not in _LASA_CLASSES:

        def reduce(self: nn.Module) -> tuple:
            # The class has no place to be imported from.
            return _blank, (head, ), self.__dict__.copy()

        _LASA_CLASSES[head] = type(f'LASA{head.__name__}',
                                   (LASAMixin, head), dict(__reduce__=reduce))
    return _LASA_CLASSES[head]


def _blank(head: Type[nn.Module]) -> nn.Module:
    """A head with LASA whose state follows, for pickle and copy."""
    cls = _with_lasa(head)
    return cls.__new__(cls)


@register_in_both('MODELS')
def LASAHead(base: str, **kwargs) -> nn.Module:  # noqa: N802
    """Any dense head with LASA: the head named by ``base``, extended.

    In a config, ``bbox_head=dict(type='LASAHead', base='RotatedFCOSHead',
    ...)`` with the head's own arguments beside. Checkpoints of the bare
    head fit.

    Args:
        base (str): Registered name of the head, with or without scope.
        **kwargs: Arguments of the head.

    Returns:
        nn.Module: The head, with :class:`LASAMixin` before its class.

    Raises:
        KeyError: If no head of that name is registered.
        TypeError: If the head has no candidates to align, see
            :class:`LASAMixin`.
    """
    # mmrotate's first, as before its own scope.
    found = (models.get(base) for models in
             reversed(host_registries('MODELS')))
    head = next(filter(None, found), None)
    if head is None:
        hosts = ' or '.join(models.scope for models in
                            reversed(host_registries('MODELS')))
        raise KeyError(f'no model named {base!r} is registered in {hosts}; '
                       'check the spelling of base')
    if not hasattr(head, '_predict_by_feat_single'):
        raise TypeError(f'{base} is no dense detection head: it has no '
                        '_predict_by_feat_single to align')
    return _with_lasa(head)(**kwargs)
