"""COVID-CT-Mask-Net: a two-stage detector that classifies the image."""
import warnings
from typing import Dict, List, NamedTuple, Tuple

import torch
from mmdet.models.detectors import TwoStageDetector
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi, get_box_tensor, scale_boxes
from mmdet.utils import ConfigType
from mmengine.logging import print_log
from mmengine.structures import InstanceData
from mmengine.utils.dl_utils.parrots_wrapper import _BatchNorm
from torch import Tensor

from mmextra.models.task_modules.nonempty_nms import nonempty_nms

TRAIN_NORMS = ('all', 'no_shortcut', 'none')


class RankedRoIs(NamedTuple):
    """The kept (RoI, class) pairs of an image, by descending score.

    Attributes:
        rows (Tensor): (k, 5) score and box; gradients flow through both.
        bboxes (Tensor): (k, 4) decoded, clipped boxes in pixels.
        labels (Tensor): (k, ) lesion classes.
        inds (Tensor): (k, ) numbers of the RoIs.
    """
    rows: Tensor
    bboxes: Tensor
    labels: Tensor
    inds: Tensor


@MODELS.register_module()
class COVIDCTMaskNet(TwoStageDetector):
    """A trained detector's ranked RoIs, classified by module S.

    Section 2, Fig. 1b and Section 3, item 2. The RPN runs with its test
    settings also in training; its proposals are scored and regressed by the
    box head, ranked without a score threshold, replicated to a fixed number
    and given to ``img_head``. Mask modules are deleted. Training changes
    module S and the weights and biases of batch normalisation, through which
    gradients flow from scores and boxes; its running statistics stay. Load
    the detector with ``load_from``. Research only, not a medical device: not
    for diagnosis or triage.

    Any backbone, neck, RPN and :class:`mmdet.models.StandardRoIHead` serve.
    A sample needs the meta key ``img_label`` for training.

    Args:
        img_head (dict): Config of :class:`RoIBatchImageHead`.
        train_norm (str): Which batch normalisation is trained: ``'all'``;
            ``'no_shortcut'``, all but those of shortcuts, as the released
            code has it by its filter of names; ``'none'``.
        freeze_detector (bool): False trains the whole network, batch
            statistics included. Not in the paper.
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
                 train_norm: str = 'all',
                 freeze_detector: bool = True,
                 **kwargs) -> None:
        if train_norm not in TRAIN_NORMS:
            raise ValueError(
                f'train_norm must be one of {TRAIN_NORMS}, got '
                f'{train_norm!r}')
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

    def _norms(self) -> List[Tuple[str, _BatchNorm]]:
        return [(name, module) for name, module in self.named_modules()
                if isinstance(module, _BatchNorm)]

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

    def _rank_image(self, rois: Tensor, cls_score: Tensor, bbox_pred: Tensor,
                    img_shape: Tuple[int, int]) -> RankedRoIs:
        """Rank the RoIs of one image.

        Args:
            rois (Tensor): (n, 4) proposals in pixels.
            cls_score (Tensor): (n, C + 1) logits, background last.
            bbox_pred (Tensor): (n, 4 C), or (n, 4) for all classes alike.
            img_shape (tuple[int]): Height and width in pixels.
        """
        head, cfg = self.roi_head.bbox_head, self.test_cfg.rcnn
        if head.custom_cls_channels:
            scores = head.loss_cls.get_activation(cls_score)
        else:
            scores = cls_score.softmax(dim=-1)
        num_classes = scores.shape[1] - 1
        deltas = bbox_pred.unflatten(1, (bbox_pred.shape[1] // 4, 4)).expand(
            -1, num_classes, -1).reshape(-1, 4)
        pairs = rois.repeat_interleave(num_classes, dim=0)
        with torch.no_grad():
            bboxes = get_box_tensor(
                head.bbox_coder.decode(pairs, deltas, max_shape=img_shape))
            dets, labels, keep = nonempty_nms(
                bboxes.view(len(rois), num_classes * 4), scores.detach(),
                cfg.score_thr, cfg.nms, self.img_head.num_rois)
        box = deltas[keep]
        if self.img_head.box_repr != 'delta':
            box = get_box_tensor(head.bbox_coder.decode(
                pairs[keep], box, max_shape=img_shape))
        if self.img_head.box_repr == 'xyxy_norm':
            height, width = img_shape[:2]
            box = box / box.new_tensor([width, height, width, height])
        score = scores[:, :-1].reshape(-1, 1)[keep]
        return RankedRoIs(
            torch.cat([score, box], dim=1), dets[:, :4], labels,
            keep // max(num_classes, 1))

    def rank_rois(self, x: Tuple[Tensor], batch_data_samples: SampleList
                  ) -> Tuple[Tensor, List[InstanceData]]:
        """The batch of ranked RoIs of every image.

        Args:
            x (tuple[Tensor]): Feature maps.
            batch_data_samples (list[:obj:`DetDataSample`]): The images'
                samples.

        Returns:
            tuple: (N, B, 5) rows for the image head, and for every image the
            real RoIs without replicas, ``bboxes`` (pixels of the network's
            input), ``scores``, ``labels`` and ``roi_inds``.
        """
        with torch.no_grad():
            proposals = [
                result.bboxes for result in self.rpn_head.predict(
                    x, batch_data_samples, rescale=False)
            ]
        rois = bbox2roi(proposals)
        outputs = self.roi_head._bbox_forward(x, rois)
        counts = [len(boxes) for boxes in proposals]
        batch, results = [], []
        for sample, roi, cls_score, bbox_pred in zip(
                batch_data_samples, rois.split(counts),
                outputs['cls_score'].split(counts),
                outputs['bbox_pred'].split(counts)):
            ranked = self._rank_image(
                roi[:, 1:], cls_score, bbox_pred, sample.img_shape)
            rows = self.img_head.fill(ranked.rows)
            if not len(ranked.rows):
                print_log(
                    f'{sample.get("img_path", "an image")}: no RoI is left; '
                    'the image head gets zeros', 'current')
                # So that no weight is without gradient, which would stop
                # distributed training.
                rows = rows + 0 * (cls_score.sum() + bbox_pred.sum())
            batch.append(rows)
            results.append(InstanceData(
                bboxes=ranked.bboxes, scores=ranked.rows[:, 0].detach(),
                labels=ranked.labels, roi_inds=ranked.inds))
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
