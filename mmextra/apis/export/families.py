"""Detectors of single images: which graphs they become."""
from typing import Any, Dict, Optional, Tuple

import torch
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.models.roi_heads.mask_heads import FCNMaskHead
from mmengine.config import Config
from torch import Tensor

from mmextra.models.dense_heads import YOLOv5Head

from .graphs import ClassifierGraph, DenseGraph, TwoStageGraph
from .plan import ExportError, ExportPlan, GraphPlan, Options
from .preprocess import fixed_size, input_size

FREE = {2: 'height', 3: 'width'}
ANGLES = dict(oc=[0, 90], le90=[-90, 90], le135=[-45, 135])


def image_inputs(spec: Dict[str, Any], options: Options, clips: bool,
                 batch: bool = False
                 ) -> Tuple[Dict[str, Tensor], Dict[str, Dict[int, str]]]:
    """Example of the image, and what of its size is free.

    Args:
        spec (dict): See :func:`~.preprocess.image_spec`.
        options (Options): ``dynamic`` counts.
        clips (bool): Whether the graph clips boxes to the image, and so
            must be told its size where that is free.
        batch (bool): Whether the graph takes several images.

    Returns:
        tuple: Inputs by name and their free dimensions.
    """
    size = fixed_size(spec)
    free = size is None or options.dynamic
    # Wider than high, so that the two are not taken for each other.
    inner, outer = input_size(spec, 640, 480)
    if size:
        outer = size
    inputs = dict(image=torch.rand(
        1, 3, *outer, generator=torch.Generator().manual_seed(0)))
    dynamic = {}
    if free:
        dynamic['image'] = {**({0: 'batch'} if batch else {}), **FREE}
    if clips and (free or tuple(inner) != tuple(outer)):
        inputs['img_shape'] = torch.tensor(inner)
    return inputs, dynamic


def suppression(cfg: Any, options: Options) -> Tuple[str, Dict[str, Any]]:
    """Kind of the boxes, and ``nms`` of ``meta.json``.

    Args:
        cfg (ConfigDict): Test settings of the head.
        options (Options): ``nms`` counts.

    Returns:
        tuple[str, dict]: ``'upright'`` or ``'rotated'``; the settings.

    Raises:
        ExportError: If the suppression cannot be done as asked.
    """
    nms = cfg.get('nms') or {}
    kind = nms.get('type')
    if kind not in ('nms', 'nms_rotated') or 'iou_threshold' not in nms:
        raise ExportError(
            f'test_cfg.nms={dict(nms)} cannot be exported: graph and runner '
            "know dict(type='nms', iou_threshold=...) and nms_rotated")
    rotated = kind == 'nms_rotated'
    where = options.nms or ('runner' if rotated else 'graph')
    if rotated and where == 'graph':
        raise ExportError('ONNX has no operator for the suppression of '
                          'rotated boxes; leave --nms out, or --nms runner')
    if where == 'graph' and cfg.get('min_bbox_size', -1) > 0:
        raise ExportError(
            f'test_cfg.min_bbox_size={cfg["min_bbox_size"]} is in pixels of '
            'the image, which the graph does not know; give --nms runner')
    return 'rotated' if rotated else 'upright', dict(
        where=where, iou_threshold=float(nms['iou_threshold']),
        class_agnostic=bool(nms.get('class_agnostic', False)))


def thresholds(cfg: Any, nms: Optional[dict], **more: Any) -> Dict[str, Any]:
    """``test`` of ``meta.json``."""
    return dict(
        score_thr=float(cfg.get('score_thr', 0)), nms=nms,
        max_per_img=int(cfg.get('max_per_img', -1)),
        min_bbox_size=cfg.get('min_bbox_size', -1), clip=None, **more)


def box_facts(kind: str, head: Any) -> Dict[str, Any]:
    """``box`` of ``meta.json``."""
    if kind == 'upright':
        return dict(kind=kind, order=['x1', 'y1', 'x2', 'y2'])
    version = getattr(head.bbox_coder, 'angle_version', None) or getattr(
        head, 'angle_version', None)
    return dict(
        kind=kind, order=['cx', 'cy', 'w', 'h', 'angle'], unit='radian',
        direction='clockwise on the image, y down',
        range_degrees=ANGLES.get(str(version), [-45, 45]))


def plan_dense(model: Any, cfg: Config, spec: Dict[str, Any],
               options: Options) -> ExportPlan:
    """A single-stage detector: one graph."""
    head = model.bbox_head
    kind, nms = suppression(model.test_cfg, options)
    whole = hasattr(head, 'best_candidates')
    inputs, dynamic = image_inputs(spec, options, clips=not whole,
                                   batch=whole)
    test = thresholds(model.test_cfg, nms)
    if isinstance(head, YOLOv5Head):
        test['clip'] = 'image'
    # By name: the class needs mmrotate.
    if type(head).__name__ == 'LARSDHead':
        test['centre'] = 'image'
    outputs = ['boxes', 'scores', 'labels'] + ['images'] * whole
    return ExportPlan(
        'detect',
        [GraphPlan('model', DenseGraph(model, nms['where'] == 'graph'),
                   inputs, outputs, dynamic)],
        spec, box_facts(kind, head), test)


def refuse_runner(options: Options) -> None:
    """Refuse suppression outside of a graph that suppresses inside."""
    if options.nms == 'runner':
        raise ExportError('the suppressions of a two-stage detector are '
                          'inside its graph; leave --nms out')


def _check_rpn(model: Any) -> None:
    for cfg in (model.test_cfg.rpn, model.test_cfg.rcnn):
        suppression(cfg, Options(nms='graph'))
    head = model.roi_head
    if not isinstance(head, StandardRoIHead):
        raise ExportError(f'{type(head).__name__} cannot be exported; '
                          'StandardRoIHead and its kin can')


def plan_two_stage(model: Any, cfg: Config, spec: Dict[str, Any],
                   options: Options) -> ExportPlan:
    """A two-stage detector: one graph, with masks if it has them."""
    refuse_runner(options)
    _check_rpn(model)
    test = model.test_cfg.rcnn
    more, outputs = {}, ['boxes', 'scores', 'labels']
    if model.roi_head.with_mask:
        if not isinstance(model.roi_head.mask_head, FCNMaskHead):
            raise ExportError(
                f'{type(model.roi_head.mask_head).__name__} cannot be '
                'exported; FCNMaskHead can')
        outputs.append('masks')
        more['mask_thr_binary'] = float(test.mask_thr_binary)
    inputs, dynamic = image_inputs(spec, options, clips=True)
    return ExportPlan(
        'detect',
        [GraphPlan('model', TwoStageGraph(model), inputs, outputs, dynamic)],
        spec, box_facts('upright', model.roi_head),
        thresholds(test, suppression(test, Options())[1], **more))


def plan_classifier(model: Any, cfg: Config, spec: Dict[str, Any],
                    options: Options) -> ExportPlan:
    """COVID-CT-Mask-Net: one graph."""
    refuse_runner(options)
    _check_rpn(model)
    if model.img_head.replicate['test'] != 'even':
        raise ExportError(
            f'img_head.replicate["test"]={model.img_head.replicate["test"]!r}'
            " draws at random, which a graph does not; set 'even'")
    test = model.test_cfg.rcnn
    inputs, dynamic = image_inputs(spec, options, clips=True)
    return ExportPlan(
        'classify',
        [GraphPlan('model', ClassifierGraph(model), inputs,
                   ['logits', 'img_scores', 'boxes', 'scores', 'labels',
                    'roi_inds'], dynamic)],
        spec, box_facts('upright', model.roi_head),
        thresholds(test, suppression(test, Options())[1]),
        dict(notice='Research only, not a medical device: not for diagnosis '
             'or triage.'))
