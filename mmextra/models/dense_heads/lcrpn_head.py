"""The category-aware RPN of GCN-FSOD."""
import math
from typing import Any, Dict, List, Literal, Optional, Sequence, Tuple, Union

import torch
import torch.nn.functional as F
from mmdet.models.dense_heads import RPNHead
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmdet.utils import ConfigType, InstanceList, OptInstanceList
from mmengine.logging import print_log
from torch import Tensor, nn

from mmextra.utils.checks import check_choice

from ..layers.affinity import affinity_stats
from ..layers.support import (
    RegWeights,
    ShotFusion,
    SupportFeatures,
    channel_activation,
    map_to_nodes,
    regression_weights,
)
from .joint_pairs import (
    can_propose_jointly,
    can_target_jointly,
    propose_jointly,
    target_jointly,
)
from .lazy_boxes import LazyBoxes

Correspondence = Literal['gcn', 'global_kernel']
SupportFeat = Literal['map', 'roi']
ImageShapes = Union[Sequence[Tuple[int, int]], Dict[int, Tuple[int, int]]]


@MODELS.register_module()
class LCRPNHead(RPNHead):
    """Local correspondence RPN: proposals of the class that a support shows.

    Section 3.1. The local correspondence L of query and support is
    classified; the query's channels weighted by the support's mean pass a
    3 x 3 convolution and are regressed. Works on pairs of an image and a
    support, in any number and order.

    With ``correspondence='global_kernel', decouple=False`` it is the
    Attention RPN, the first row of Table 2.

    Not in the paper: cells of the batch's padding are no nodes, so that an
    image's result does not depend on the others in its batch; L is
    classified without another convolution (``cls_conv=True`` adds one); on
    levels with more than ``max_nodes`` cells the global kernel replaces L.

    Args:
        in_channels (int): Channels of query and support features.
        correspondence (str): ``'gcn'`` or ``'global_kernel'``.
        decouple (bool): Separate branches for scores and boxes. Otherwise
            one 3 x 3 convolution on L, or on the weighted query, serves
            both.
        gcn (dict): Settings of :class:`LocalCorrespondenceGCN`.
        cls_conv (bool): A 3 x 3 convolution before the decoupled scores.
        support_feat (str): ``'map'``: the whole feature of the support
            picture; ``'roi'``: the part inside its box.
        shot_fusion (str): ``'mean'`` or ``'concat'``, see
            :func:`~mmextra.models.layers.fuse_shots`.
        reg_weights (str): What weights the channels of the query where
            boxes are regressed apart from scores, see
            :func:`~mmextra.models.layers.regression_weights`.
        max_nodes (int): See above.
        kwargs: See mmdet's ``RPNHead``.

    Raises:
        ValueError: If an option is unknown.
    """

    def __init__(self,
                 in_channels: int,
                 *args,
                 correspondence: Correspondence = 'gcn',
                 decouple: bool = True,
                 gcn: ConfigType = dict(),
                 cls_conv: bool = False,
                 support_feat: SupportFeat = 'map',
                 shot_fusion: ShotFusion = 'mean',
                 reg_weights: RegWeights = 'mean',
                 max_nodes: int = 20000,
                 **kwargs) -> None:
        check_choice('correspondence', correspondence, Correspondence)
        check_choice('support_feat', support_feat, SupportFeat)
        check_choice('shot_fusion', shot_fusion, ShotFusion)
        check_choice('reg_weights', reg_weights, RegWeights)
        self.correspondence = correspondence
        self.decouple = decouple
        self.gcn_cfg = gcn
        self.with_cls_conv = cls_conv and decouple
        self.support_feat = support_feat
        self.shot_fusion = shot_fusion
        self.reg_weights = reg_weights
        self.max_nodes = max_nodes
        self._stats_logged = False
        super().__init__(in_channels, *args, **kwargs)

    def _init_layers(self) -> None:
        super()._init_layers()
        if self.correspondence == 'gcn':
            self.gcn = MODELS.build({
                'type': 'LocalCorrespondenceGCN',
                'in_channels': self.in_channels, **self.gcn_cfg})
            if self.gcn.out_channels != self.in_channels:
                raise ValueError(
                    'the last of gcn_channels must be in_channels '
                    f'({self.in_channels}), got {self.gcn.out_channels}')
        if self.decouple:
            # rpn_conv, of the stock head, is the regression's.
            if self.with_cls_conv:
                self.rpn_cls_conv = nn.Conv2d(
                    self.in_channels, self.feat_channels, 3, padding=1)
            elif self.in_channels != self.feat_channels:
                self.rpn_cls = nn.Conv2d(
                    self.in_channels,
                    self.num_base_priors * self.cls_out_channels, 1)

    def _classify(self, feature: Tensor) -> Tensor:
        if self.with_cls_conv:
            feature = F.relu(self.rpn_cls_conv(feature))
        return self.rpn_cls(feature)

    def _regress(self, feature: Tensor, vectors: Tensor) -> Tensor:
        """Boxes of decoupled branches."""
        active = channel_activation(
            feature, regression_weights(vectors, self.reg_weights))
        return self.rpn_reg(F.relu(self.rpn_conv(active)))

    def _both(self, feature: Tensor) -> Tensor:
        """Scores and boxes of coupled branches, stacked as channels."""
        feature = F.relu(self.rpn_conv(feature))
        return torch.cat([self.rpn_cls(feature), self.rpn_reg(feature)], 1)

    def forward(self, x: Sequence[Tensor], supports: SupportFeatures,
                images: Sequence[int], img_shapes: ImageShapes
                ) -> Tuple[List[Tensor], List[Tensor]]:
        """Scores and boxes of pairs of an image and a support.

        Args:
            x (Sequence[Tensor]): Per level (B, C, H, W) query features.
            supports (SupportFeatures): The supports of P pairs.
            images (Sequence[int]): Index of the image of each pair.
            img_shapes (Sequence[tuple] or dict): By index, height and width
                of each image without the batch's padding, pixels.

        Returns:
            tuple[list[Tensor], list[Tensor]]: Per level (P, A, H, W) logits
            and (P, 4 A, H, W) deltas.
        """
        levels = [
            self._forward_level(feature, supports, list(images), img_shapes,
                                stride)
            for feature, stride in zip(x, self.prior_generator.strides)]
        return [one[0] for one in levels], [one[1] for one in levels]

    def _forward_level(self, x, supports, images, img_shapes, stride,
                       with_deltas=True):
        local = self.correspondence == 'gcn' and \
            x.shape[-2] * x.shape[-1] <= self.max_nodes
        head = self._classify if self.decouple else self._both
        vectors = supports.vectors
        results = [None] * len(images)
        deltas = [None] * len(images)
        for image in sorted(set(images)):
            pairs = [p for p, own in enumerate(images) if own == image]
            if local:
                shape = img_shapes[image]
                cells = [min(math.ceil(shape[i] / stride[1 - i]),
                             x.shape[2 + i]) for i in (0, 1)]
                found = self._correspond(
                    x[image], cells, [supports.maps[p] for p in pairs], head)
            for number, pair in enumerate(pairs):
                if local and not self.decouple:
                    results[pair] = found[number]
                    continue
                # One pair at a time: in a test there may be many classes.
                active = channel_activation(x[image], vectors[pair])[None]
                if not self.decouple:
                    results[pair] = self._both(active)[0]
                    continue
                results[pair] = found[number] if local else \
                    head(active)[0]
                if with_deltas:
                    deltas[pair] = self._regress(
                        x[image:image + 1], vectors[pair])[0]
        results = torch.stack(results)
        if not with_deltas:
            return results, None
        if self.decouple:
            return results, torch.stack(deltas)
        split = self.num_base_priors * self.cls_out_channels
        return results[:, :split], results[:, split:]

    def forward_pairs(self, x: Tensor, maps: Tensor,
                      img_shape: Sequence[Any],
                      level: int = 0) -> Tuple[Tensor, Tensor]:
        """Scores and boxes of one image with all supports at once.

        As :meth:`forward` for one level, without a loop over the pairs, so
        that it can be traced; it takes memory for all of them.

        Args:
            x (Tensor): (1, C, H, W) query features of the level.
            maps (Tensor): (S, C, h, w) maps of the supports.
            img_shape (Sequence): Height and width of the image without the
                padding, pixels; numbers or tensors.
            level (int): Which level it is.

        Returns:
            tuple[Tensor, Tensor]: (S, A, H, W) logits and (S, 4 A, H, W)
            deltas.
        """
        vectors = maps.mean((2, 3))
        compared = channel_activation(x, vectors)
        if self.correspondence == 'gcn':
            strides = self.prior_generator.strides[level][::-1]
            inside = [
                torch.arange(side, device=x.device) * stride < torch.as_tensor(
                    limit) for side, stride, limit in zip(
                        x.shape[2:], strides, img_shape)
            ]
            valid = (inside[0][:, None] & inside[1]).flatten()
            local = self.gcn.forward_batch(
                x[0].flatten(1).t(), maps.flatten(2).transpose(1, 2), valid)
            compared = local.transpose(1, 2).reshape(
                maps.shape[0], self.in_channels, x.shape[2], x.shape[3])
        if self.decouple:
            return self._classify(compared), self._regress(x, vectors)
        both = self._both(compared)
        split = self.num_base_priors * self.cls_out_channels
        return both[:, :split], both[:, split:]

    def _correspond(self, feature: Tensor, cells: Sequence[int],
                    maps: List[Tensor], head) -> Tensor:
        """``head`` of the map of L, which is 0 outside of the image."""
        height, width = cells
        nodes = map_to_nodes(feature[:, :height, :width])
        pad = (0, feature.shape[2] - width, 0, feature.shape[1] - height)

        def project(local: Tensor) -> Tensor:
            plane = local.transpose(1, 2).unflatten(2, (height, width))
            return head(F.pad(plane, pad) if any(pad) else plane)

        support_nodes = [map_to_nodes(m) for m in maps]
        if self.training and not self._stats_logged:
            self._log_stats(nodes, support_nodes[0])
        return self.gcn(nodes, support_nodes, project)

    def _log_stats(self, nodes: Tensor, support: Tensor) -> None:
        self._stats_logged = True
        stats = affinity_stats(
            torch.cat([nodes, support]).float(), self.gcn.distance,
            float(self.gcn.temperature))
        print_log(
            'LCRPNHead: share of nodes that a node averages '
            f'{stats["n_eff"]:.3g} (near 1: blind, near 0: no support), mean '
            f'affinity {stats["mean_affinity"]:.3g}, temperature '
            f'{float(self.gcn.temperature):.3g}, balanced would be '
            f'{stats["t_star"]:.3g}', logger='current')

    def loss_and_predict(self,
                         x: Sequence[Tensor],
                         batch_data_samples: SampleList,
                         proposal_cfg: Optional[ConfigType] = None,
                         *,
                         supports: SupportFeatures,
                         images: Sequence[int],
                         negative: Sequence[bool]
                         ) -> Tuple[dict, InstanceList]:
        """Losses and proposals of the pairs.

        Args:
            x (Sequence[Tensor]): Per level (B, C, H, W) query features.
            batch_data_samples (list[:obj:`DetDataSample`]): Of the P
                pairs, with what their class is to find; labels are 0.
                Pairs that share a sample share what is assigned.
            proposal_cfg (dict, optional): For the proposals.
            supports (SupportFeatures): The supports of P pairs.
            images (Sequence[int]): Index of the image of each pair.
            negative (Sequence[bool]): Pairs whose support is of a class
                that is not in the image.

        Returns:
            tuple[dict, list[:obj:`InstanceData`]]: ``loss_rpn_cls`` and
            ``loss_rpn_bbox``; proposals of each pair.
        """
        samples = batch_data_samples
        shapes = {image: sample.img_shape
                  for image, sample in zip(images, samples)}
        outs = self(x, supports, images, shapes)
        metas = [dict(sample.metainfo, negative_pair=bool(flag))
                 for sample, flag in zip(samples, negative)]
        losses = self.loss_by_feat(
            *outs, [sample.gt_instances for sample in samples], metas,
            [sample.get('ignored_instances') for sample in samples])
        with torch.no_grad():
            proposals = self.predict_by_feat(
                *outs, batch_img_metas=metas, cfg=proposal_cfg)
        return losses, proposals

    def predict(self, x: Sequence[Tensor], batch_data_samples: SampleList,
                rescale: bool = False, *, supports: SupportFeatures,
                images: Sequence[int]) -> InstanceList:
        """Proposals of the pairs.

        Args:
            x (Sequence[Tensor]): Per level (B, C, H, W) query features.
            batch_data_samples (list[:obj:`DetDataSample`]): Of the B images.
            rescale (bool): In pixels of the original image.
            supports (SupportFeatures): The supports of P pairs.
            images (Sequence[int]): Index of the image of each pair.

        Returns:
            list[:obj:`InstanceData`]: Proposals of each pair.
        """
        shapes = [sample.img_shape for sample in batch_data_samples]
        metas = [batch_data_samples[i].metainfo for i in images]
        if self.decouple and len(x) == 1 and LazyBoxes.fits(self, x[0]):
            scores, _ = self._forward_level(
                x[0], supports, list(images), shapes,
                self.prior_generator.strides[0], with_deltas=False)
            lazy = [LazyBoxes(self, feature) for feature in x[0]]
            return [
                lazy[image].proposals(score, weights, meta, rescale)
                for image, score, weights, meta in zip(
                    images, scores, regression_weights(
                        supports.vectors, self.reg_weights), metas)
            ]
        outs = self(x, supports, images, shapes)
        return self.predict_by_feat(
            *outs, batch_img_metas=metas, rescale=rescale)

    def predict_by_feat(self, cls_scores: List[Tensor],
                        bbox_preds: List[Tensor],
                        batch_img_metas: List[dict],
                        cfg: Optional[ConfigType] = None,
                        rescale: bool = False, **kwargs) -> InstanceList:
        """As stock; on an accelerator of all pairs at once."""
        cfg = self.test_cfg if cfg is None else cfg
        if rescale or kwargs or not can_propose_jointly(
                self, cls_scores[0], cfg):
            return super().predict_by_feat(
                cls_scores, bbox_preds, batch_img_metas=batch_img_metas,
                cfg=cfg, rescale=rescale, **kwargs)
        return propose_jointly(self, cls_scores, bbox_preds, batch_img_metas,
                               cfg)

    def get_targets(self, anchor_list: List[List[Tensor]],
                    valid_flag_list: List[List[Tensor]],
                    batch_gt_instances: InstanceList,
                    batch_img_metas: List[dict],
                    batch_gt_instances_ignore: OptInstanceList = None,
                    **kwargs) -> tuple:
        """Targets of all pairs, as stock, by few waits for a GPU.

        Pairs of one image share what is assigned; each has its own samples.
        Arguments and results as in mmdet's ``AnchorHead``.
        """
        if kwargs or not can_target_jointly(self):
            return super().get_targets(
                anchor_list, valid_flag_list, batch_gt_instances,
                batch_img_metas, batch_gt_instances_ignore, **kwargs)
        return target_jointly(self, anchor_list, valid_flag_list,
                              batch_gt_instances, batch_img_metas)

    def _get_targets_single(self, flat_anchors, valid_flags, gt_instances,
                            img_meta, gt_instances_ignore=None,
                            unmap_outputs=True) -> tuple:
        """As stock; in a negative pair every sampled anchor is background.

        The same anchors are sampled, those on the object among them, so
        that the head learns to reject the object for another class.
        """
        labels, weights, targets, box_weights, *rest = \
            super()._get_targets_single(
                flat_anchors, valid_flags, gt_instances, img_meta,
                gt_instances_ignore, unmap_outputs)
        if img_meta.get('negative_pair', False):
            labels = torch.full_like(labels, self.num_classes)
            box_weights = torch.zeros_like(box_weights)
        return (labels, weights, targets, box_weights, *rest)
