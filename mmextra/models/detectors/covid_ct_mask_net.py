"""COVID-CT-Mask-Net: a two-stage detector that classifies the image."""
import warnings
from typing import Dict, List, Literal, Tuple

import torch
from mmcv.cnn import is_norm
from mmdet.models.detectors import TwoStageDetector
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi, get_box_tensor, scale_boxes
from mmdet.utils import ConfigType
from mmengine.logging import print_log
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmextra.models.task_modules.nonempty_nms import nonempty_nms
from mmextra.utils.checks import check_choice

TrainNorm = Literal['all', 'no_shortcut', 'none']


@MODELS.register_module()
class COVIDCTMaskNet(TwoStageDetector):
    """A trained detector's ranked RoIs, classified by module S.

    Section 2, Fig. 1b and Section 3, item 2. The RPN runs with its test
    settings also in training; its proposals are scored and regressed by the
    box head, ranked without a score threshold, replicated to a fixed number
    and given to ``img_head``. Mask modules are deleted. Training changes
    module S and the weights and biases of batch normalisation, through which
    gradients flow from scores and boxes; its running statistics stay. Group,
    layer and instance normalisation are treated alike (not in the paper). Load
    the detector with ``load_from``. Research only, not a medical device: not
    for diagnosis or triage.

    Any backbone, neck, RPN and :class:`mmdet.models.StandardRoIHead` serve.
    A sample needs the meta key ``img_label`` for training.

    Args:
        img_head (dict): Config of :class:`RoIBatchImageHead`.
        train_norm (str): Which normalisation is trained: ``'all'``;
            ``'no_shortcut'``, all but those of shortcuts, as the released
            code has it by its filter of names; ``'none'``.
        freeze_detector (bool): False trains the backbone, the neck and the
            box head too, batch statistics included. The RPN stays as it is,
            for no gradient reaches it: it proposes boxes, which are taken
            as constants. Not in the paper.
        **kwargs: See :class:`mmdet.models.TwoStageDetector`.

    Raises:
        ValueError: If ``train_norm`` is unknown.
        NotImplementedError: If the RoI head has stages, like Cascade R-CNN,
            or no box regression of its own.
    """

    def __init__(self,
                 *args,
                 img_head: ConfigType,
                 roi_head: ConfigType,
                 train_norm: TrainNorm = 'all',
                 freeze_detector: bool = True,
                 **kwargs) -> None:
        check_choice('train_norm', train_norm, TrainNorm)
        roi_head = roi_head.copy()
        roi_head.update(mask_roi_extractor=None, mask_head=None)
        super().__init__(*args, roi_head=roi_head, **kwargs)
        if not isinstance(self.roi_head, StandardRoIHead) or not getattr(
                self.roi_head.bbox_head, 'with_reg', False):
            raise NotImplementedError(
                'COVIDCTMaskNet ranks the boxes of one box head with '
                'regression (StandardRoIHead); '
                f'{type(self.roi_head).__name__} has several or none')
        self.img_head = MODELS.build(img_head)
        self.train_norm = train_norm
        self.freeze_detector = freeze_detector
        self._warn_of_settings()
        if freeze_detector:
            self._freeze()
        # It gets no gradient, and distributed training stops at a weight
        # that waits for one.
        self.rpn_head.requires_grad_(False)

    def _warn_of_settings(self) -> None:
        cfg, size = self.test_cfg.rcnn, self.img_head.num_rois
        if cfg.score_thr >= 0:
            warnings.warn(
                f'test_cfg.rcnn.score_thr={cfg.score_thr}: RoIs below it '
                'will be dropped, and others replicated in their place; '
                'the paper has -0.01, which keeps all', stacklevel=3)
        if cfg.max_per_img != size:
            warnings.warn(
                f'test_cfg.rcnn.max_per_img={cfg.max_per_img}, but img_head '
                f'takes num_rois={size}, which counts', stacklevel=3)

    def _norms(self) -> List[Tuple[str, nn.Module]]:
        return [(name, module) for name, module in self.named_modules()
                if is_norm(module)]

    def _freeze(self) -> None:
        for name, parameter in self.named_parameters():
            parameter.requires_grad = name.startswith('img_head.')
        for name, norm in self._norms():
            trains = self.train_norm == 'all' or (
                self.train_norm == 'no_shortcut' and 'downsample' not in name)
            for parameter in norm.parameters():
                parameter.requires_grad = trains

    def train(self, mode: bool = True) -> 'COVIDCTMaskNet':
        """Training mode for module S; the detector stays in test mode.

        Stock loops call this before every epoch.
        """
        super().train(mode)
        if self.freeze_detector:
            for _, norm in self._norms():
                norm.eval()
        return self

    def _activate(self, cls_score: Tensor) -> Tensor:
        """Scores (n, C + 1) of logits, as the box head has them."""
        head = self.roi_head.bbox_head
        if head.custom_cls_channels:
            return head.loss_cls.get_activation(cls_score)
        return cls_score.softmax(dim=-1)

    @torch.no_grad()
    def _rank_image(self, rois: Tensor, cls_score: Tensor, bbox_pred: Tensor,
                    img_shape: Tuple[int, int]) -> InstanceData:
        """Rank the RoIs of one image.

        Args:
            rois (Tensor): (n, 4) proposals in pixels.
            cls_score (Tensor): (n, C + 1) logits, background last.
            bbox_pred (Tensor): (n, 4 C), or (n, 4) for all classes alike.
            img_shape (tuple[int]): Height and width in pixels.

        Returns:
            InstanceData: Of the k kept (RoI, class) pairs, by descending
            score, the decoded and clipped ``bboxes`` (k, 4), ``scores``,
            ``labels`` and ``roi_inds``, the numbers of the RoIs.
        """
        head, cfg = self.roi_head.bbox_head, self.test_cfg.rcnn
        scores = self._activate(cls_score)
        boxes_per_roi = bbox_pred.shape[1] // 4
        bboxes = get_box_tensor(head.bbox_coder.decode(
            rois.repeat_interleave(boxes_per_roi, dim=0),
            bbox_pred.reshape(-1, 4), max_shape=img_shape))
        dets, labels, pairs = nonempty_nms(
            bboxes.view(-1, boxes_per_roi * 4), scores, cfg.score_thr,
            cfg.nms, self.img_head.num_rois)
        return InstanceData(
            bboxes=dets[:, :4], scores=dets[:, 4], labels=labels,
            roi_inds=pairs // (scores.shape[1] - 1))

    def _rows(self, rois: Tensor, cls_score: Tensor, bbox_pred: Tensor,
              labels: Tensor, img_shape: Tuple[int, int]) -> Tensor:
        """Score and box of ranked RoIs.

        Args:
            rois (Tensor): (k, 4) proposals in pixels, by rank.
            cls_score (Tensor): (k, C + 1) their logits.
            bbox_pred (Tensor): (k, 4 C) or (k, 4) their regression.
            labels (Tensor): (k, ) their classes.
            img_shape (tuple[int]): Height and width in pixels.

        Returns:
            Tensor: (k, 5), with gradients.
        """
        score = self._activate(cls_score).gather(1, labels[:, None])[:, 0]
        boxes_per_roi = bbox_pred.shape[1] // 4
        own = labels.clamp(max=boxes_per_roi - 1)[:, None, None]
        box = bbox_pred.reshape(-1, boxes_per_roi, 4).gather(
            1, own.expand(-1, 1, 4))[:, 0]
        representation = self.img_head.box_repr
        if representation != 'delta':
            box = get_box_tensor(self.roi_head.bbox_head.bbox_coder.decode(
                rois, box, max_shape=img_shape))
        if representation == 'xyxy_norm':
            height, width = img_shape[:2]
            box = box / box.new_tensor([width, height, width, height])
        return torch.cat([score[:, None], box], dim=1)

    def rank_rois(self, x: Tuple[Tensor], batch_data_samples: SampleList
                  ) -> Tuple[Tensor, List[InstanceData]]:
        """The batch of ranked RoIs of every image.

        Gradients flow through the kept RoIs alone, so in training the box
        head runs on all of them without gradients, and again on those with:
        the result is the same, at a fraction of the cost.

        Args:
            x (tuple[Tensor]): Feature maps.
            batch_data_samples (list[:obj:`DetDataSample`]): The images'
                samples.

        Returns:
            tuple: (N, B, 5) rows for the image head, and for every image the
            real RoIs without replicas, ``bboxes`` (pixels of the network's
            input), ``scores``, ``labels`` and ``roi_inds``.
        """
        shapes = [sample.img_shape for sample in batch_data_samples]
        with torch.no_grad():
            proposals = [
                result.bboxes for result in self.rpn_head.predict(
                    x, batch_data_samples, rescale=False)
            ]
            rois = bbox2roi(proposals)
            outputs = self.roi_head._bbox_forward(x, rois)
            cls_score, bbox_pred = outputs['cls_score'], outputs['bbox_pred']
            counts = [len(boxes) for boxes in proposals]
            results = [
                self._rank_image(roi[:, 1:], *parts) for roi, *parts in zip(
                    rois.split(counts), cls_score.split(counts),
                    bbox_pred.split(counts), shapes)
            ]
        starts = torch.tensor([0] + counts[:-1]).cumsum(0).tolist()
        kept = torch.cat([result.roi_inds + start
                          for result, start in zip(results, starts)])
        rois = rois[kept]
        if torch.is_grad_enabled():
            outputs = self.roi_head._bbox_forward(x, rois)
            cls_score, bbox_pred = outputs['cls_score'], outputs['bbox_pred']
        else:
            cls_score, bbox_pred = cls_score[kept], bbox_pred[kept]
        counts = [len(result) for result in results]
        batch = []
        for sample, result, roi, *parts in zip(
                batch_data_samples, results, rois.split(counts),
                cls_score.split(counts), bbox_pred.split(counts)):
            rows = self.img_head.fill(self._rows(
                roi[:, 1:], *parts, result.labels, sample.img_shape))
            if not len(result):
                print_log(
                    f'{sample.get("img_path", "an image")}: no RoI is left; '
                    'the image head gets zeros', 'current')
                # So that no weight is without gradient, which would stop
                # distributed training.
                # The maps too: RoIAlign of no RoI at all leaves them out.
                rows = rows + 0 * sum(
                    each.sum() for each in (cls_score, bbox_pred, *x))
            batch.append(rows)
        return torch.stack(batch), results

    def _forward(self, batch_inputs: Tensor,
                 batch_data_samples: SampleList) -> Tensor:
        """Logits (N, classes) of images (N, 3, H, W)."""
        rows, _ = self.rank_rois(
            self.extract_feat(batch_inputs), batch_data_samples)
        return self.img_head(rows)

    def loss(self, batch_inputs: Tensor,
             batch_data_samples: SampleList) -> Dict[str, Tensor]:
        """Loss of the images' classes.

        Args:
            batch_inputs (Tensor): (N, 3, H, W), normalised.
            batch_data_samples (list[:obj:`DetDataSample`]): With
                ``img_label`` in their meta information.

        Returns:
            dict[str, Tensor]: See :meth:`RoIBatchImageHead.loss`.

        Raises:
            ValueError: If a sample has no label, or one beyond the classes.
        """
        labels = torch.tensor(
            [self._label_of(sample) for sample in batch_data_samples],
            device=batch_inputs.device)
        logits = self._forward(batch_inputs, batch_data_samples)
        return self.img_head.loss(logits, labels)

    def _label_of(self, sample) -> int:
        label, count = sample.get('img_label'), self.img_head.num_classes
        where = sample.get('img_path', 'a sample')
        if label is None:
            raise ValueError(
                f'{where} has no img_label. Take CTImageDataset, and end the '
                'pipeline with PackCTInputs.')
        if not 0 <= int(label) < count:
            raise ValueError(
                f'{where} has img_label {label}, but img_head has '
                f'num_classes={count}')
        return int(label)

    def predict(self,
                batch_inputs: Tensor,
                batch_data_samples: SampleList,
                rescale: bool = True) -> SampleList:
        """Predict the classes of images, and the RoIs they rest on.

        Args:
            batch_inputs (Tensor): (N, 3, H, W), normalised.
            batch_data_samples (list[:obj:`DetDataSample`]): The samples.
            rescale (bool): Boxes in pixels of the original image.

        Returns:
            list[:obj:`DetDataSample`]: The samples with ``pred_instances``
            (the real RoIs by rank: ``bboxes``, ``scores``, ``labels``,
            ``roi_inds``), ``pred_img_logits`` (C, ), ``pred_img_scores``
            (C, ), ``pred_img_label`` (1, ) and the meta key
            ``num_valid_rois``.
        """
        rows, results = self.rank_rois(
            self.extract_feat(batch_inputs), batch_data_samples)
        logits = self.img_head(rows)
        scores = self.img_head.scores(logits)
        for sample, result, logit, score in zip(
                batch_data_samples, results, logits, scores):
            sample.set_metainfo(dict(num_valid_rois=len(result)))
            if rescale and len(result):
                result.bboxes = scale_boxes(
                    result.bboxes, [1 / s for s in sample.scale_factor])
            sample.pred_instances = result
            sample.pred_img_logits = logit
            sample.pred_img_scores = score
            sample.pred_img_label = logit.argmax(dim=-1, keepdim=True)
        return batch_data_samples
