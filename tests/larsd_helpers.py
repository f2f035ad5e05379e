"""A small head of LARSD, and what it is given."""
import torch
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from mmrotate.structures.bbox import RotatedBoxes

from mmextra.models.dense_heads import LARSDHead
from tests.helpers import random_rboxes

ANCHORS = [[(20, 6), (6, 20)], [(40, 10), (10, 40)], [(80, 20), (20, 80)]]
LASA = dict(type='LocalityAwareScoreAlign')


def make_head(num_classes=1, lasa=None, anchors=ANCHORS, assigner=None,
              **kwargs):
    head = LARSDHead(
        num_classes=num_classes,
        in_channels=8,
        feat_channels=8,
        anchor_generator=dict(
            type='RotatedShapePriorGenerator', strides=[4, 8, 16],
            anchors=anchors),
        train_cfg=ConfigDict(
            assigner=assigner or dict(type='SameCenterAssigner')),
        test_cfg=ConfigDict(
            score_thr=0.05, nms_pre=1000, min_bbox_size=0, lasa=lasa,
            nms=dict(type='nms_rotated', iou_threshold=0.1),
            max_per_img=500),
        **kwargs)
    head.init_weights()
    return head


def features(batch=2, size=128):
    torch.manual_seed(0)
    return [torch.randn(batch, 8, size // s, size // s) for s in (4, 8, 16)]


def targets(counts, num_classes=1, extent=128):
    return [InstanceData(
        bboxes=RotatedBoxes(random_rboxes(n, seed=i, extent=extent)),
        labels=torch.arange(n) % num_classes)
        for i, n in enumerate(counts)]


def predictions_of(head, gts, size=128):
    """Outputs that a perfect head would give for one image."""
    sizes = [(size // s, size // s) for s in (4, 8, 16)]
    mlvl_priors = head.prior_generator.grid_priors(sizes, device='cpu')
    assigned = head.get_assigned(mlvl_priors, [gts], None)[0]
    priors = torch.cat(mlvl_priors)
    positive = (assigned >= 0).nonzero().flatten()
    logits = torch.full((len(priors), head.num_classes), -8.)
    logits[positive, gts.labels[assigned[positive]]] = 8.
    raw = torch.zeros(len(priors), 5)
    raw[positive] = head.bbox_coder.encode(
        priors[positive], gts.bboxes[assigned[positive]])
    # mmcv's rotated IoU is wrong for exact copies; real outputs never are.
    raw += torch.randn(
        raw.shape, generator=torch.Generator().manual_seed(0)) * 1e-3
    cls_scores, bbox_preds, first = [], [], 0
    for height, width in sizes:
        last = first + height * width * head.num_base_priors
        for out, values in ((cls_scores, logits), (bbox_preds, raw)):
            out.append(values[first:last].view(height, width, -1).permute(
                2, 0, 1)[None])
        first = last
    return cls_scores, bbox_preds
