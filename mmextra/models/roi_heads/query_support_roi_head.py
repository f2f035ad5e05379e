"""The second stage for pairs of a query image and a support."""
from typing import Dict, List, Sequence, Tuple

import torch
import torch.nn.functional as F
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.models.task_modules.assigners import AssignResult
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.models.utils import empty_instances, unpack_gt_instances
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmdet.structures.bbox import get_box_tensor, scale_boxes
from mmdet.utils import InstanceList
from mmengine.structures import InstanceData
from torch import Tensor

from ..layers.support import SupportFeatures
from ..task_modules.joint_sampling import (
    assign_by_iou,
    can_join,
    sample_jointly,
)
from ..task_modules.shared_boxes import share_boxes
from .class_results import merge_class_results, with_rpn_scores


def select_roi_samples(labels: Tensor,
                       negative_pair: Tensor,
                       fg_prob: Tensor,
                       sample_fractions: Sequence[int] = (1, 2, 1)
                       ) -> Dict[str, Tensor]:
    """Which RoIs of a query image count in the classification loss.

    All foreground; of the others those with the highest score, ``n1`` of the
    positive and ``n2`` of the negative pairs, with fractions (f, p, n),
    ``n1 = max(1, min(p / f * n_fg, N // 4))`` and
    ``n2 = max(1, min(n / f * n_fg, n1))`` of N RoIs.

    Not in the paper: all of it, as in Attention RPN.

    Args:
        labels (Tensor): (N,) 0 foreground, 1 background.
        negative_pair (Tensor): (N,) whether a RoI is of a negative pair.
        fg_prob (Tensor): (N,) softmax probability of foreground.
        sample_fractions (Sequence[int]): (f, p, n).

    Returns:
        dict[str, Tensor]: Masks (N,) bool ``fg``, ``bg_pos_pair`` and
        ``bg_neg_pair``; masks, for a GPU need not wait to know how many.
    """
    base, positive, negative = sample_fractions
    background = labels != 0
    other = negative_pair.bool()
    fg = ~background & ~other
    count = fg.sum()
    first = (count * positive).div(base, rounding_mode='floor').clamp(
        max=len(labels) // 4).clamp(min=1)
    second = (count * negative).div(base, rounding_mode='floor').minimum(
        first).clamp(min=1)

    def hardest(mask: Tensor, number: Tensor) -> Tensor:
        # Below every probability.
        order = fg_prob.masked_fill(~mask, -1).argsort(
            descending=True, stable=True)
        rank = torch.empty_like(order).scatter_(
            0, order, torch.arange(len(order), device=order.device))
        return mask & (rank < number)

    return dict(
        fg=fg,
        bg_pos_pair=hardest(background & ~other, first),
        bg_neg_pair=hardest(background & other, second))


@MODELS.register_module()
class QuerySupportRoIHead(StandardRoIHead):
    """RoIs of a query image, compared with supports.

    Its ``bbox_head`` takes the RoI features of queries and supports, as
    :class:`AttentiveBBoxHead` does. Results are split by real numbers of
    RoIs, so pairs may have any.

    In a test every class has proposals of its own. With
    ``test_cfg.share_iou`` (not in the paper) boxes of several classes that
    overlap more than so much are one, see :func:`~mmextra.models.
    task_modules.shared_boxes.share_boxes`, and its features are computed
    once. With ``test_cfg.rpn_power`` (not in the paper) a score is multiplied
    by that power of its proposal's: a class-aware RPN knows something of the
    class too, and of where objects are.

    Args:
        sample_fractions (Sequence[int]): See :func:`select_roi_samples`.
        roi_chunk (int): RoIs that are classified at a time in a test.
        kwargs: See mmdet's ``StandardRoIHead``.
    """

    def __init__(self,
                 *args,
                 sample_fractions: Sequence[int] = (1, 2, 1),
                 roi_chunk: int = 512,
                 **kwargs) -> None:
        if len(sample_fractions) != 3 or min(sample_fractions) < 1:
            raise ValueError('sample_fractions must be three positive '
                             f'numbers, got {tuple(sample_fractions)}')
        self.sample_fractions = tuple(sample_fractions)
        self.roi_chunk = roi_chunk
        super().__init__(*args, **kwargs)

    def extract_rois(self, x: Sequence[Tensor], rois: Tensor) -> Tensor:
        """RoI features with the shared head's.

        Args:
            x (Sequence[Tensor]): Per level (B, C, H, W) features.
            rois (Tensor): (N, 5) index of the image and box, pixels.

        Returns:
            Tensor: (N, C', r, r).
        """
        features = self.bbox_roi_extractor(
            x[:self.bbox_roi_extractor.num_inputs], rois)
        return self.shared_head(features) if self.with_shared_head else \
            features

    def loss(self, x: Sequence[Tensor], rpn_results_list: InstanceList,
             batch_data_samples: SampleList, *, supports: SupportFeatures,
             images: Sequence[int], negative: Sequence[bool]) -> dict:
        """Losses of P pairs.

        Args:
            x (Sequence[Tensor]): Per level (B, C, H, W) query features.
            rpn_results_list (list[:obj:`InstanceData`]): Proposals of each
                pair.
            batch_data_samples (list[:obj:`DetDataSample`]): Of the pairs,
                with what their class is to find; labels are 0.
            supports (SupportFeatures): The supports of the pairs.
            images (Sequence[int]): Index of the image of each pair.
            negative (Sequence[bool]): Pairs whose support is of a class
                that is not in the image.

        Returns:
            dict[str, Tensor]: ``loss_cls``, ``loss_bbox`` and ``acc``.
        """
        results = self._sample(rpn_results_list, batch_data_samples)
        counts = [len(result.priors) for result in results]
        device = x[0].device
        image_of, negative_of = _repeat([images, negative], counts, device)
        negative_of = negative_of.bool()
        boxes = torch.cat([get_box_tensor(r.priors) for r in results])
        rois = torch.cat([image_of[:, None].to(boxes), boxes], 1)
        cls_score, bbox_pred = self._compare(
            self.extract_rois(x, rois), supports.rois, counts)
        labels, weights, box_targets, box_weights = \
            self.bbox_head.get_targets(results, self.train_cfg)
        labels = labels.masked_fill(negative_of, self.bbox_head.num_classes)
        box_weights = box_weights * ~negative_of[:, None]
        weights = weights * self._kept(cls_score, labels, negative_of,
                                       images, counts)
        return self.bbox_head.loss(cls_score, bbox_pred, rois, labels,
                                   weights, box_targets, box_weights)

    def _sample(self, proposals: InstanceList,
                samples: SampleList) -> List[SamplingResult]:
        """Samples of each pair among its proposals."""
        targets, ignored, _ = unpack_gt_instances(samples)
        if can_join(self.bbox_assigner, self.bbox_sampler):
            return self._sample_jointly(
                [get_box_tensor(each.bboxes) for each in proposals],
                targets)
        results = []
        for each, target, ignore in zip(proposals, targets, ignored):
            # Its own copy: pairs may share proposals.
            each = InstanceData(priors=each.bboxes)
            assigned = self.bbox_assigner.assign(each, target, ignore)
            results.append(self.bbox_sampler.sample(assigned, each, target))
        return results

    def _sample_jointly(self, proposals: Sequence[Tensor],
                        targets: InstanceList) -> List[SamplingResult]:
        """The same with two waits for a GPU in place of eight per pair."""
        assigned, priors, own = [], [], []
        for boxes, gts in zip(proposals, targets):
            found = assign_by_iou(self.bbox_assigner, boxes,
                                  get_box_tensor(gts.bboxes))
            added = len(gts) if self.bbox_sampler.add_gt_as_proposals else 0
            number = torch.arange(1, added + 1, device=found.device)
            assigned.append(torch.cat([number, found]))
            priors.append(torch.cat([
                get_box_tensor(gts.bboxes)[:added].to(boxes), boxes]))
            own.append(added)
        results = []
        for (positive, negative), found, boxes, gts, added in zip(
                sample_jointly(self.bbox_sampler, assigned), assigned,
                priors, targets, own):
            labels = torch.cat([gts.labels.new_full((1, ), -1), gts.labels])[
                found.clamp(min=0)]
            flags = torch.zeros_like(found, dtype=torch.uint8)
            flags[:added] = 1
            results.append(SamplingResult(
                pos_inds=positive, neg_inds=negative, priors=boxes,
                gt_bboxes=get_box_tensor(gts.bboxes), gt_flags=flags,
                assign_result=AssignResult(len(gts), found, None, labels)))
        return results

    @torch.no_grad()
    def _kept(self, cls_score: Tensor, labels: Tensor, negative: Tensor,
              images: Sequence[int], counts: Sequence[int]) -> Tensor:
        """1 for the RoIs that count in the classification loss, else 0."""
        probability = cls_score.float().softmax(1)[:, 0]
        parts = [each.split(list(counts))
                 for each in (labels, negative, probability)]
        kept = [None] * len(images)
        for image in sorted(set(images)):
            pairs = [p for p, own in enumerate(images) if own == image]
            masks = select_roi_samples(
                *(torch.cat([part[p] for p in pairs]) for part in parts),
                self.sample_fractions).values()
            for pair, part in zip(pairs, torch.stack(list(masks)).any(
                    0).split([counts[p] for p in pairs])):
                kept[pair] = part
        return torch.cat(kept).to(probability.dtype)

    def predict(self, x: Sequence[Tensor], rpn_results_list: InstanceList,
                batch_data_samples: SampleList, rescale: bool = False, *,
                supports: SupportFeatures, images: Sequence[int],
                labels: Sequence[int]) -> InstanceList:
        """Detections of all images.

        Args:
            x (Sequence[Tensor]): Per level (B, C, H, W) query features.
            rpn_results_list (list[:obj:`InstanceData`]): Proposals of each
                of P pairs, or of each of the B images for all its pairs.
            batch_data_samples (list[:obj:`DetDataSample`]): Of the B images.
            rescale (bool): In pixels of the original image.
            supports (SupportFeatures): The supports of the pairs.
            images (Sequence[int]): Index of the image of each pair.
            labels (Sequence[int]): Label of each pair's support.

        Returns:
            list[:obj:`InstanceData`]: Per image ``bboxes``, ``scores`` and
            ``labels``.
        """
        shared = len(rpn_results_list) != len(images)
        results = []
        for image, sample in enumerate(batch_data_samples):
            pairs = [p for p, own in enumerate(images) if own == image]
            proposals = [rpn_results_list[image if shared else p]
                         for p in pairs]
            boxes = [each.bboxes for each in proposals]
            if not shared and self.test_cfg.get('share_iou') is not None:
                boxes, outputs = self._classify_shared(
                    x, image, proposals, supports, pairs)
            else:
                outputs = self._classify(x, image, boxes, supports, pairs,
                                         shared)
            if not sum(map(len, boxes)):
                results += empty_instances(
                    [sample.metainfo], x[0].device, task_type='bbox')
                continue
            scores = [
                with_rpn_scores(logits.softmax(1)[:, 0], each.scores,
                                self.test_cfg)
                for (logits, _), each in zip(outputs, proposals)
            ]
            found = self._decode(
                torch.cat(list(boxes)),
                torch.cat([deltas for _, deltas in outputs]),
                sample.metainfo, rescale)
            results.append(
                merge_class_results(
                    found.split([len(box) for box in boxes]), scores,
                    [labels[p] for p in pairs], self.test_cfg))
        return results

    def _compare(self, features: Tensor, rois: Tensor,
                 counts: Sequence[int]) -> Tuple[Tensor, Tensor]:
        """Scores and deltas of features with ``counts[i]`` of support i."""
        outputs = [
            self.bbox_head(part, rois[i:i + 1])
            for i, part in enumerate(features.split(list(counts)))
            if len(part)
        ]
        return tuple(torch.cat(column) for column in zip(*outputs))

    def _classify(self, x: Sequence[Tensor], image: int,
                  boxes: Sequence[Tensor], supports: SupportFeatures,
                  pairs: Sequence[int], shared: bool
                  ) -> List[Tuple[Tensor, Tensor]]:
        """Scores and deltas of an image's boxes of each pair."""
        counts = [len(box) for box in boxes]
        rows = boxes[0] if shared else torch.cat(list(boxes))
        rois = F.pad(rows, (1, 0), value=image)
        # A list in brackets would be sent to a GPU.
        own = torch.stack([supports.rois[pair] for pair in pairs])
        parts = []
        for start in range(0, len(rois), self.roi_chunk):
            features = self.extract_rois(
                x, rois[start:start + self.roi_chunk])
            if shared:
                parts.append([self.bbox_head(features, support[None])
                              for support in own])
                continue
            # How many of these rows belong to each pair.
            ends = torch.tensor(counts).cumsum(0) - start
            inside = ends.clamp(0, len(features))
            parts.append(self._compare(
                features, own,
                inside.diff(prepend=inside.new_zeros(1)).tolist()))
        if not parts:
            nothing = rois.new_zeros(0, 2), rois.new_zeros(0, 4)
            return [nothing] * len(pairs)
        if shared:
            return [tuple(torch.cat(column) for column in zip(*own_parts))
                    for own_parts in zip(*parts)]
        columns = [torch.cat(column).split(counts) for column in zip(*parts)]
        return list(zip(*columns))

    def _classify_shared(self, x: Sequence[Tensor], image: int,
                         proposals: InstanceList, supports: SupportFeatures,
                         pairs: Sequence[int]
                         ) -> Tuple[List[Tensor], List[tuple]]:
        """Boxes, scores and deltas of an image's pairs, where similar
        proposals of all classes have one box and one feature."""
        kept, places = share_boxes(
            [each.bboxes for each in proposals],
            [each.scores for each in proposals], self.test_cfg['share_iou'])
        rois = F.pad(kept, (1, 0), value=image)
        features = torch.cat([
            self.extract_rois(x, part) for part in rois.split(self.roi_chunk)
        ]) if len(rois) else None
        outputs = [
            self.bbox_head(features[place], supports.rois[pair][None])
            if len(place) else (kept.new_zeros(0, 2), kept.new_zeros(0, 4))
            for pair, place in zip(pairs, places)
        ]
        return [kept[place] for place in places], outputs

    def _decode(self, boxes: Tensor, deltas: Tensor, img_meta: dict,
                rescale: bool) -> Tensor:
        """Boxes (n, 4) of an image."""
        decoded = self.bbox_head.bbox_coder.decode(
            boxes, deltas, max_shape=img_meta['img_shape'])
        if rescale:
            decoded = scale_boxes(
                decoded, [1 / s for s in img_meta['scale_factor']])
        return get_box_tensor(decoded)


def _repeat(rows: Sequence[Sequence], counts: Sequence[int],
            device: torch.device) -> Tensor:
    """Each value of R rows as often as its count says, which the host knows,
    (R, N)."""
    return torch.tensor(
        [[int(value) for value in row] for row in rows]).repeat_interleave(
            torch.tensor(counts), dim=1).to(device)
