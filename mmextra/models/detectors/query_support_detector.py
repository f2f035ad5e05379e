"""Detectors that are shown the classes to look for."""
from typing import Dict, Iterable, List, Optional, Sequence, Tuple, Union

import torch
from mmdet.models.detectors import TwoStageDetector
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample, SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList, OptConfigType
from torch import Tensor, nn

from ..dense_heads.lcrpn_head import LCRPNHead
from ..layers.support import SupportFeatures, fuse_shots
from .freezing import FrozenPartsMixin
from .query_support_pairs import arrange_pairs

NO_BANK = (
    'the detector has not been shown its classes. In a config add '
    'custom_hooks=[dict(type="SupportInitHook", dataset=...)], which does it '
    'before every validation and test; in a script call '
    'mmextra.apis.process_support_images(model, images, labels).')


@MODELS.register_module()
class QuerySupportDetector(FrozenPartsMixin, TwoStageDetector):
    """Two stages that compare a query image with supports.

    In training every query comes with ``num_support_ways`` classes of
    ``num_support_shots`` supports, the first of them its own, see
    :func:`~.query_support_pairs.arrange_pairs`; in a test every
    class of the support bank is looked for in every image. The head tells
    the support's class from the rest, so that a model trained on some
    classes finds others as it is.

    ``rpn_head`` may be :class:`LCRPNHead` or a stock RPN, whose proposals
    then serve all classes.

    Args:
        num_support_ways (int): Classes per query in training.
        num_support_shots (int): Supports per class in training.
        support_level (int): Level of the features that supports use.
        match_norm (dict, optional): Normalisation of the features of
            queries, and another such of those of supports, before they are
            compared, for example ``dict(type='CalibratedNorm',
            num_features=128)``. Not in the paper: what all pictures have in
            common outweighs in a product of two features what tells classes
            apart.
        frozen_parameters (Sequence[str], optional): Modules that do not
            train, by name, for example ``['backbone']``. They keep their
            running statistics too.
        kwargs: See mmdet's ``TwoStageDetector``.

    Raises:
        ValueError: If a module to freeze is not there.
    """

    def __init__(self,
                 *args,
                 num_support_ways: int = 2,
                 num_support_shots: int = 10,
                 support_level: int = 0,
                 match_norm: OptConfigType = None,
                 frozen_parameters: Optional[Sequence[str]] = None,
                 **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.num_support_ways = num_support_ways
        self.num_support_shots = num_support_shots
        self.support_level = support_level
        self.query_norm, self.support_norm = (
            match_norm and MODELS.build(match_norm) for _ in range(2))
        # Label to dict(map=(C, h, w), vec=(C,), roi=(C', r, r)).
        self.support_bank: Dict[int, Dict[str, Tensor]] = {}
        # Before a distributed wrapper looks at what trains.
        self.freeze(frozen_parameters)

    @property
    def compares_in_rpn(self) -> bool:
        """Whether the RPN knows of supports."""
        return isinstance(self.rpn_head, LCRPNHead)

    def extract_feat(self, batch_inputs: Tensor) -> Tuple[Tensor, ...]:
        """Features of queries, per level (B, C, H, W), of images
        (B, 3, H, W)."""
        x = super().extract_feat(batch_inputs)
        return self.query_norm(x) if self.query_norm else x

    def extract_support(self, images: Tensor, samples: SampleList,
                        shots: int) -> SupportFeatures:
        """Features of supports, fused over the shots.

        Args:
            images (Tensor): (S * K, 3, h, w), the shots of a class one after
                the other.
            samples (list[:obj:`DetDataSample`]): With one box each.
            shots (int): K.

        Returns:
            SupportFeatures: Of S classes.

        Raises:
            ValueError: If a sample has another number of boxes.
        """
        for sample in samples:
            boxes = len(sample.gt_instances.bboxes)
            if boxes != 1:
                raise ValueError(
                    f'the support {sample.metainfo.get("img_path", "")} has '
                    f'{boxes} boxes and must have one: set instance_wise='
                    'True in the dataset of supports (of SupportInitHook)')
        x = super().extract_feat(images)
        if self.support_norm:
            x = self.support_norm(x)
        maps = x[self.support_level]
        # Samples of supports may have stayed on the host.
        rois = bbox2roi([s.gt_instances.bboxes for s in samples]).to(
            maps.device)
        fusion = 'mean'
        if self.compares_in_rpn:
            fusion = self.rpn_head.shot_fusion
            if self.rpn_head.support_feat == 'roi':
                extractor = self.roi_head.bbox_roi_extractor
                maps = extractor(x[:extractor.num_inputs], rois)
        return SupportFeatures(
            fuse_shots(maps, shots, fusion),
            fuse_shots(self.roi_head.extract_rois(x, rois), shots))

    def loss(self, batch_inputs: Dict[str, Tensor],
             batch_data_samples: Dict[str, SampleList]) -> dict:
        """Losses of all pairs of a batch.

        Args:
            batch_inputs (dict[str, Tensor]): (B, 3, H, W) ``query`` and
                (B * ways * shots, 3, h, w) ``support``, query by query.
            batch_data_samples (dict[str, list[:obj:`DetDataSample`]]): The
                same of samples; those of queries have the boxes of the
                classes that make positive pairs.

        Returns:
            dict[str, Tensor]: ``loss_rpn_cls``, ``loss_rpn_bbox``,
            ``loss_cls``, ``loss_bbox`` and ``acc``.

        Raises:
            ValueError: If the batch has another number of supports.
        """
        if not isinstance(batch_inputs, dict):
            raise ValueError(
                f'{type(self).__name__} trains on batches of queries with '
                'supports; use QueryAwareDataset and '
                'QuerySupportDataPreprocessor')
        ways, shots = self.num_support_ways, self.num_support_shots
        queries = len(batch_inputs['query'])
        if len(batch_inputs['support']) != queries * ways * shots:
            raise ValueError(
                f'{len(batch_inputs["support"])} supports for {queries} '
                f'queries are not num_support_ways ({ways}) * '
                f'num_support_shots ({shots}) for each; the model and '
                'QueryAwareDataset must have the same settings')
        x = self.extract_feat(batch_inputs['query'])
        supports = self.extract_support(
            batch_inputs['support'], batch_data_samples['support'], shots)
        arranged = arrange_pairs(batch_data_samples['query'], ways)
        pairs = dict(supports=supports, images=arranged.images,
                     negative=arranged.negative)
        proposal_cfg = self.train_cfg.get('rpn_proposal', self.test_cfg.rpn)
        if self.compares_in_rpn:
            losses, proposals = self.rpn_head.loss_and_predict(
                x, arranged.samples, proposal_cfg=proposal_cfg, **pairs)
        else:
            losses, proposals = self.rpn_head.loss_and_predict(
                x, arranged.queries, proposal_cfg=proposal_cfg)
            proposals = [proposals[i] for i in arranged.images]
        losses.update(self.roi_head.loss(x, proposals, arranged.samples,
                                         **pairs))
        return losses

    @torch.no_grad()
    def model_init(self, batches: Iterable[dict]) -> None:
        """Show the detector its classes: fill the support bank.

        Args:
            batches (Iterable[dict]): ``inputs`` and ``data_samples`` as a
                data loader gives them, with one box per sample; its label
                is the class. Classes may have different numbers of shots.
        """
        maps, rois = {}, {}
        for batch in batches:
            data = self.data_preprocessor(batch, False)
            samples = data['data_samples']
            features = self.extract_support(data['inputs'], samples, 1)
            for sample, one, roi in zip(samples, features.maps,
                                        features.rois):
                label = int(sample.gt_instances.labels[0])
                maps.setdefault(label, []).append(one)
                rois.setdefault(label, []).append(roi)
        fusion = self.rpn_head.shot_fusion if self.compares_in_rpn else 'mean'
        self.support_bank = {}
        for label in sorted(maps):
            shots = len(maps[label])
            fused = fuse_shots(torch.stack(maps[label]), shots, fusion)[0]
            self.support_bank[label] = dict(
                map=fused,
                vec=fused.mean((1, 2)),
                roi=fuse_shots(torch.stack(rois[label]), shots)[0])

    def propose(self, x: Tuple[Tensor, ...], sample: DetDataSample,
                supports: SupportFeatures) -> InstanceList:
        """Proposals of one image.

        Args:
            x (tuple[Tensor]): Per level (1, C, H, W) features of the image.
            sample (:obj:`DetDataSample`): Its sample.
            supports (SupportFeatures): Of S classes.

        Returns:
            list[:obj:`InstanceData`]: Those of each class, in pixels of the
            network's input; of a stock RPN one, for all classes.
        """
        if not self.compares_in_rpn:
            return self.rpn_head.predict(x, [sample])
        return self.rpn_head.predict(
            x, [sample], supports=supports,
            images=[0] * len(supports.vectors))

    def predict(self,
                batch_inputs: Tensor,
                batch_data_samples: SampleList,
                rescale: bool = True) -> SampleList:
        """Look for every class of the support bank in every image.

        Args:
            batch_inputs (Tensor): (B, 3, H, W).
            batch_data_samples (list[:obj:`DetDataSample`]): Their samples.
            rescale (bool): In pixels of the original image.

        Returns:
            list[:obj:`DetDataSample`]: With ``pred_instances``.

        Raises:
            RuntimeError: If the support bank is empty.
        """
        if not self.support_bank:
            raise RuntimeError(f'{type(self).__name__}: {NO_BANK}')
        labels = list(self.support_bank)
        bank = SupportFeatures.of_bank(self.support_bank)
        features = self.extract_feat(batch_inputs)
        results = []
        # Image by image: there may be many pairs.
        for number, sample in enumerate(batch_data_samples):
            x = tuple(level[number:number + 1] for level in features)
            results += self.roi_head.predict(
                x, self.propose(x, sample, bank), [sample], rescale=rescale,
                labels=labels, supports=bank, images=[0] * len(labels))
        return self.add_pred_to_datasample(batch_data_samples, results)

    def _forward(self, batch_inputs: Union[Tensor, dict],
                 batch_data_samples: Optional[SampleList] = None
                 ) -> List[Tensor]:
        """Features of the query, for tools that count operations."""
        if isinstance(batch_inputs, dict):
            batch_inputs = batch_inputs['query']
        return list(self.extract_feat(batch_inputs))


def find_few_shot_detector(model: nn.Module) -> nn.Module:
    """The few-shot detector inside distributed and other wrappers.

    Args:
        model (nn.Module): The model.

    Returns:
        nn.Module: The one with ``model_init``.

    Raises:
        TypeError: If there is none, or test-time augmentation wraps it.
    """
    if type(model).__name__.endswith('TTAModel'):
        raise TypeError(
            'SupportInitHook: test-time augmentation is not supported, for '
            'the supports would have to be augmented alike; leave --tta out')
    while not hasattr(model, 'model_init'):
        if not hasattr(model, 'module'):
            raise TypeError(
                f'SupportInitHook: {type(model).__name__} has no model_init; '
                'it is for GCNFSOD, AttentionRPNDetector and other '
                'QuerySupportDetectors')
        model = model.module
    return model
