"""The two graphs of a few-shot detector: supports, and queries."""
from typing import Any, Dict, Optional, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmextra.models.roi_heads.class_results import with_rpn_scores
from mmextra.models.task_modules.traceable import (
    above,
    pair_nms,
    traced_nms,
)
from mmextra_runtime.support_bank import SupportBank

from ..few_shot import support_pipeline
from .families import (
    box_facts,
    image_inputs,
    refuse_runner,
    suppression,
    thresholds,
)
from .graphs import Outputs, proposals, shape_of, sized_nms
from .plan import ExportError, ExportPlan, GraphPlan, Options

BANK = 'supports.npz'


class SupportGraph(nn.Module):
    """A picture of an object to its features."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor, box: Tensor) -> Outputs:
        """(C, h, w) map and (C', r, r) RoI of an image (1, 3, H, W) with
        one box (1, 4) in pixels."""
        sample = DetDataSample(gt_instances=InstanceData(bboxes=box))
        found = self.model.extract_support(image, [sample], 1)
        return found.maps[0], found.rois[0]


class QueryGraph(nn.Module):
    """An image with the features of any number of classes to boxes."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor, maps: Tensor, rois: Tensor,
                img_shape: Optional[Tensor] = None) -> Outputs:
        """Boxes, scores and positions of classes.

        Args:
            image (Tensor): (1, 3, H, W), normalised.
            maps (Tensor): (S, C, h, w) maps of the supports.
            rois (Tensor): (S, C', r, r) RoIs of the supports.
            img_shape (Tensor, optional): Height and width without padding.

        Returns:
            tuple[Tensor]: (n, 4) boxes, (n,) scores, (n,) labels.
        """
        shape, model = shape_of(image, img_shape), self.model
        x, head = model.extract_feat(image), model.roi_head
        if model.compares_in_rpn:
            boxes, pairs, likely = self._proposals(x, maps, shape)
            features = head.extract_rois(x, F.pad(boxes, (1, 0)))
        else:
            boxes = proposals(model, x, shape)
            features = head.extract_rois(x, F.pad(boxes, (1, 0)))
            # Every support with every box.
            grid = torch.ones_like(boxes[:, 0]) * torch.ones_like(
                rois[:, 0, 0, 0])[:, None]
            pairs, index = above(grid, 0).unbind(1)
            boxes, features = boxes[index], features[index]
        logits, deltas = head.bbox_head(features, rois[pairs])
        boxes = head.bbox_head.bbox_coder.decode(
            boxes, deltas, max_shape=shape)
        scores, cfg = logits.softmax(1)[:, 0], head.test_cfg
        if model.compares_in_rpn:
            scores = with_rpn_scores(scores, likely, cfg)
        good = above(scores, cfg.get('score_thr', 0.))[:, 0]
        dets, keep = traced_nms(boxes[good], scores[good], pairs[good],
                                cfg['nms'])
        return dets[:, :4], dets[:, 4], pairs[good][keep]

    def _proposals(self, x: Tuple[Tensor, ...], maps: Tensor,
                   shape: Any) -> Tuple[Tensor, Tensor, Tensor]:
        """(n, 4) boxes of all pairs, (n,) the pair of each, (n,) scores."""
        head = self.model.rpn_head
        cfg = head.test_cfg
        priors = head.prior_generator.grid_priors(
            [level.shape[-2:] for level in x], device=x[0].device)
        found = []
        for number, (level, own) in enumerate(zip(x, priors)):
            logits, deltas = head.forward_pairs(level, maps, shape, number)
            scores = logits.permute(0, 2, 3, 1).flatten(1).sigmoid()
            deltas = deltas.permute(0, 2, 3, 1).reshape(
                scores.shape[0], -1, 4)
            if cfg.get('nms_pre', -1) > 0:
                scores, order = scores.sort(dim=1, descending=True)
                scores = scores[:, :cfg['nms_pre']]
                order = order[:, :cfg['nms_pre']]
                deltas = deltas.gather(
                    1, order[..., None].expand(-1, -1, 4))
                own = own[order]
            else:
                own = own[None].expand_as(deltas)
            found.append((own, deltas, scores, scores * 0 + number))
        own, deltas, scores, levels = (torch.cat(part, 1)
                                       for part in zip(*found))
        boxes = head.bbox_coder.decode(
            own.reshape(-1, 4), deltas.reshape(-1, 4),
            max_shape=shape).reshape(own.shape)
        moved = boxes
        if len(x) > 1:
            # Boxes of two levels do not meet.
            moved = boxes + (levels * (boxes.max() + 1))[..., None]
        pairs, index = pair_nms(moved, scores, sized_nms(cfg),
                                cfg.get('max_per_img', -1))
        return boxes[pairs, index], pairs, scores[pairs, index]


def crop_facts(cfg: Config) -> Dict[str, int]:
    """How the pictures of supports are cut out.

    Raises:
        ExportError: If the runner cannot do it.
    """
    try:
        steps = support_pipeline(cfg)
    except ValueError as error:
        raise ExportError(str(error)) from error
    crops = [step for step in steps
             if not step['type'].split('.')[-1].startswith('Pack')]
    if len(crops) != 1 or not crops[0]['type'].endswith(
            'CropResizeInstance'):
        raise ExportError(
            'the pipeline of the supports must be CropResizeInstance alone, '
            f'got {[step["type"] for step in crops]}')
    return dict(
        context=int(crops[0].get('num_context_pixels', 16)),
        side=int(crops[0].get('target_size', (320, 320))[0]))


def saved_bank(model: Any) -> Optional[SupportBank]:
    """The classes that a model was shown, for the runner."""
    if not model.support_bank:
        return None
    names = (getattr(model, 'dataset_meta', None) or {}).get('classes', ())
    entries = list(model.support_bank.items())
    return SupportBank(
        [names[label] if label < len(names) else str(label)
         for label, _ in entries],
        np.stack([entry['map'].cpu().numpy() for _, entry in entries]),
        np.stack([entry['roi'].cpu().numpy() for _, entry in entries]))


def plan_few_shot(model: Any, cfg: Config,
                  spec: Dict[str, Any], options: Options) -> ExportPlan:
    """A few-shot detector: ``support`` and ``query``."""
    refuse_runner(options)
    for part in (model.rpn_head.test_cfg, model.roi_head.test_cfg):
        suppression(part, Options(nms='graph'))
    settings = model.roi_head.test_cfg
    if settings.get('share_iou') is not None:
        raise ExportError('test_cfg.rcnn.share_iou cannot be exported: the '
                          'graph has features of every proposal')
    if settings.get('rpn_power') and not model.compares_in_rpn:
        raise ExportError('test_cfg.rcnn.rpn_power is exported with an '
                          'LCRPNHead alone; set it to 0')
    crop = crop_facts(cfg)
    side = crop['side']
    draw = torch.Generator().manual_seed(1)
    support = dict(
        image=torch.rand(1, 3, side, side, generator=draw),
        box=torch.tensor([[.2 * side, .1 * side, .8 * side, .9 * side]]))
    first = SupportGraph(model)
    with torch.no_grad():
        features = first(*support.values())
    inputs, dynamic = image_inputs(spec, options, clips=True)
    shape = inputs.pop('img_shape', None)
    # Three, so that the number is taken for no other.
    for name, own in zip(('maps', 'rois'), features):
        inputs[name] = own[None] * torch.tensor(
            [1., 1.1, 1.2])[:, None, None, None]
        dynamic[name] = {0: 'classes'}
    fusion = 'mean'
    if model.compares_in_rpn:
        fusion = model.rpn_head.shot_fusion
        if fusion == 'concat':
            dynamic['maps'][2] = 'support_height'
    if shape is not None:
        inputs['img_shape'] = shape
    test = thresholds(settings, suppression(settings, Options())[1])
    if settings.get('merge', 'global') == 'per_class':
        test['limit_per'] = 'class'
    if settings.get('rival_iou') is not None:
        test['rival_iou'] = float(settings['rival_iou'])
    bank = saved_bank(model)
    return ExportPlan(
        'few_shot', [
            GraphPlan('support', first, support, ['map', 'roi']),
            GraphPlan('query', QueryGraph(model), inputs,
                      ['boxes', 'scores', 'labels'], dynamic)
        ], spec, box_facts('upright', model.roi_head), test,
        dict(few_shot=dict(crop=crop, fusion=fusion,
                           bank=BANK if bank else None)), bank)
