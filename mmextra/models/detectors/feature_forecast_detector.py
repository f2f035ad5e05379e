"""Live video detection by feature map forecast (Sections 3.1 to 3.5)."""
import time
from functools import partial
from typing import Any, Dict, List, Literal, NamedTuple, Optional, Sequence

import torch
from mmdet.models.mot import BaseMOTModel
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample, TrackDataSample
from mmdet.utils import ConfigType, OptConfigType, OptMultiConfig
from mmengine.structures import InstanceData
from torch import Tensor

from mmextra.utils.checks import settings_from_cfg

from ..losses.decision_loss import DecisionSettings
from ..task_modules.read_policy import ReadPolicy
from .clip_decision import ClipDecision
from .clip_loss import ClipLoss
from .clip_maps import ClipMaps, Feats
from .clip_rollout import RolloutSettings
from .forecast_judge import ForecastJudge
from .forecast_parts import check_parts
from .single_precision import find_boxes
from .video_steps import advance_video, peek_video, skip_frames
from .video_stream import VideoStream

Insert = Literal['backbone', 'neck']
SchedulerInput = Literal['converted', 'mean', 'current', 'read']


class MapStep(NamedTuple):
    """One frame through the temporal module and the scheduler.

    Attributes:
        det_feats: What the detector sees.
        forecast: Maps forecast for the next frame, or None.
        memory: State for the next step.
        logits: (N, 2) of the scheduler, or None if it was not asked.
    """
    det_feats: Feats
    forecast: Optional[Feats]
    memory: Any
    logits: Optional[Tensor]


@MODELS.register_module()
class FeatureForecastDetector(BaseMOTModel):
    """A single-stage detector for videos that need not read every frame.

    Wraps any single-stage detector. Between its backbone (or neck) and the
    rest a temporal module forecasts the maps of the next frame, and a
    scheduler judges the forecast. A frame is then either read (image,
    backbone) or detected from its forecast, without its image.

    With ``temporal=None`` it is the detector alone, run on videos.

    Training takes clips of n + 1 frames (n for a module that does not
    forecast) and propagates through the whole clip; the last frame is only
    a target. ``decision_active`` says whether the scheduler is trained yet;
    :class:`FeatureForecastPhaseHook` sets it.

    Not in the paper: which maps the scheduler compares is given in two ways;
    here the forecast and the converted map (Section 3.2), or the mean by
    ``scheduler_input='mean'``. With residual encoders neither differs from
    the forecast by the motion; ``'current'`` does, and ``'read'`` sums it up
    over a run of forecasts.

    Args:
        detector (dict): Config of a ``SingleStageDetector``.
        temporal (dict, optional): Config of a temporal module, for example
            :class:`FeatureForecastModule`.
        scheduler (dict, optional): Config of :class:`CorrelationScheduler`.
        insert (str): Whether the temporal module follows the
            ``'backbone'`` or the ``'neck'``.
        loss_forecast (dict, optional): Forecast loss (gamma of Eq. 1).
        loss_decision_weight (float): lambda of Eq. 1.
        decision_cfg (dict): Fields of :class:`DecisionSettings`.
        rollout_cfg (dict): Fields of :class:`RolloutSettings`.
        scheduler_input (str): What the forecast is compared with: the
            ``'converted'`` map, its ``'mean'`` with the current one, or (not
            in the paper) the ``'current'`` one, which in a run is a forecast
            itself, or the last that was ``'read'``.
        detach_scheduler_input (bool): Train the scheduler without changing
            what it judges.
        policy (dict): Arguments of :class:`ReadPolicy`.
        test_cfg (dict): ``timing=True`` measures ``time_model`` of every
            frame, in seconds.
        data_preprocessor (dict, optional): Config of a
            ``TrackDataPreprocessor``.
        init_cfg (dict or list[dict], optional): Initialisation.

    Raises:
        ValueError: If parts are combined that cannot work together; the
            text says how to.
    """

    def __init__(self,
                 detector: ConfigType,
                 temporal: OptConfigType = None,
                 *,
                 scheduler: OptConfigType = None,
                 insert: Insert = 'backbone',
                 loss_forecast: OptConfigType = dict(
                     type='ForecastMSELoss', loss_weight=1.0),
                 loss_decision_weight: float = 0.7,
                 decision_cfg: ConfigType = dict(
                     iou_thr=0.7, score_thr=0.3, empty_target=1),
                 rollout_cfg: ConfigType = dict(steps=0),
                 scheduler_input: SchedulerInput = 'converted',
                 detach_scheduler_input: bool = False,
                 policy: ConfigType = dict(mode='scheduler', threshold=1.0),
                 test_cfg: ConfigType = dict(timing=False),
                 data_preprocessor: OptConfigType = None,
                 init_cfg: OptMultiConfig = None) -> None:
        super().__init__(
            data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.detector = MODELS.build(detector)
        self.temporal: Any = MODELS.build(temporal) if temporal else None
        self.scheduler: Any = MODELS.build(scheduler) if scheduler else None
        self.loss_forecast: Any = MODELS.build(
            loss_forecast) if loss_forecast else None
        self.insert = insert
        self.loss_decision_weight = loss_decision_weight
        self.decision_cfg = settings_from_cfg(
            DecisionSettings, decision_cfg, 'decision_cfg')
        self.rollout_cfg = settings_from_cfg(
            RolloutSettings, rollout_cfg, 'rollout_cfg')
        self.scheduler_input = scheduler_input
        self.detach_scheduler_input = detach_scheduler_input
        self.policy = dict(policy)
        self.test_cfg = dict(test_cfg)
        self.decision_active = True
        # A plain attribute: checkpoints and averaged copies of the model
        # have no business with a video under way.
        self._stream: Optional[VideoStream] = None
        check_parts(self, Insert, SchedulerInput)

    @property
    def forecasts(self) -> bool:
        """Whether there is a forecast at all."""
        return self.temporal is not None and self.temporal.forecasts

    @property
    def judged_level(self) -> int:
        """Which map changes are measured on."""
        if self.scheduler is not None:
            return self.scheduler.level
        return 0 if self.temporal is None else self.temporal.levels[0]

    @property
    def judges_change(self) -> bool:
        """Whether the scheduler wants the change from read to read."""
        return getattr(self.scheduler, 'sees_change', False)

    def new_policy(self, **changes: Any) -> ReadPolicy:
        """The policy of the config, with changes."""
        return ReadPolicy(**{**self.policy, **changes})

    def train(self, mode: bool = True) -> 'FeatureForecastDetector':
        """Also forgets the video under way."""
        self._stream = None
        return super().train(mode)

    def rename_weights(self, state_dict: dict, prefix: str = '') -> None:
        """Make a checkpoint of the detector alone (first phase) one of this
        model, in place.

        Args:
            state_dict (dict): Weights by name.
            prefix (str): In front of all names.
        """
        own = f'{prefix}detector.'
        if not any(key.startswith(own) for key in state_dict):
            parts = tuple(f'{prefix}{name}.' for name, _ in
                          self.detector.named_children())
            for key in [k for k in state_dict if k.startswith(parts)]:
                state_dict[own + key[len(prefix):]] = state_dict.pop(key)

    def _load_from_state_dict(self, state_dict: dict, prefix: str,
                              *args: Any, **kwargs: Any) -> None:
        """Also of the first phase."""
        self.rename_weights(state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def extract_maps(self, images: Tensor) -> Feats:
        """Maps of images, where the temporal module takes them.

        Args:
            images (Tensor): (N, 3, H, W), normalised.

        Returns:
            tuple[Tensor]: Maps of the backbone or of the neck.
        """
        feats = tuple(self.detector.backbone(images))
        if self.insert == 'neck':
            feats = tuple(self.detector.neck(feats))
        return feats

    def head_maps(self, det_feats: Sequence[Tensor]) -> Feats:
        """What the head takes, from what the temporal module gives."""
        if self.insert == 'backbone' and self.detector.with_neck:
            return tuple(self.detector.neck(det_feats))
        return tuple(det_feats)

    def step_maps(self,
                  feats: Feats,
                  memory: Any = None,
                  ask_scheduler: bool = False,
                  read: Optional[Feats] = None,
                  change: Optional[Tensor] = None) -> MapStep:
        """One frame from its maps on, without its head.

        Args:
            feats (tuple[Tensor]): Its maps, read or forecast.
            memory (Any): State of the frame before.
            ask_scheduler (bool): Whether the confidence is wanted.
            read (tuple[Tensor], optional): The last maps that were read, if
                ``feats`` are forecast.
            change (Tensor, optional): (N,), see :meth:`schedule`.

        Returns:
            MapStep: What the detector sees, the forecast, the new state.
        """
        if self.temporal is None:
            return MapStep(feats, None, None, None)
        out = self.temporal.step(feats, memory)
        det_feats = self.temporal.combine(feats, out.converted)
        logits = None
        if ask_scheduler and self.scheduler is not None:
            logits = self.schedule(feats, out.converted, out.forecast, read,
                                   change)
        return MapStep(det_feats, out.forecast, out.state, logits)

    def schedule(self,
                 feats: Feats,
                 converted: Feats,
                 forecast: Feats,
                 read: Optional[Feats] = None,
                 change: Optional[Tensor] = None) -> Tensor:
        """Logits (N, 2) of the scheduler on maps of N frames; ``read`` as in
        :meth:`step_maps`, ``change`` as in :class:`CorrelationScheduler`."""
        level = self.scheduler.level
        first, second = converted[level], forecast[level]
        if self.scheduler_input == 'mean':
            first = (feats[level] + first) / 2
        elif self.scheduler_input == 'current':
            first = feats[level]
        elif self.scheduler_input == 'read':
            first = (feats if read is None else read)[level]
        if self.detach_scheduler_input:
            first, second = first.detach(), second.detach()
        if self.judges_change:
            return self.scheduler(first, second, change)
        return self.scheduler(first, second)

    def loss(self, inputs: Tensor, data_samples: List[TrackDataSample],
             **kwargs: Any) -> Dict[str, Tensor]:
        """Losses of a batch of clips (Eq. 1).

        Args:
            inputs (Tensor): (N, n + 1, 3, H, W), normalised.
            data_samples (list[TrackDataSample]): Annotations of all frames.

        Returns:
            dict[str, Tensor]: Those of the head, ``loss_forecast``,
            ``loss_decision``, and for the log ``forecast_vs_copy`` (error
            of the forecast relative to repeating the last map; useful
            below 1), ``decision_pos_rate`` and ``decision_acc``.

        Raises:
            ValueError: If clips are too short.
        """
        feats = self.extract_maps(inputs.flatten(0, 1))
        decision = None if self.scheduler is None else ClipDecision(
            self.temporal, self.scheduler, self.schedule,
            self.forecast_judge(), self.loss_decision_weight,
            self.decision_active)
        return ClipLoss(
            self.detector.bbox_head, self.head_maps, self.temporal,
            self.loss_forecast, decision, self.rollout_cfg).loss(
                ClipMaps(feats, *inputs.shape[:2]), data_samples)

    def forecast_judge(self) -> ForecastJudge:
        """Gives the targets of the scheduler."""
        return ForecastJudge(
            self.detector, self.head_maps, self.decision_cfg)

    def detect(self, det_feats: Feats,
               sample: DetDataSample) -> InstanceData:
        """Boxes of one frame, in pixels of its original image."""
        return find_boxes(self.detector.bbox_head, self.head_maps(det_feats),
                          [sample], rescale=True)[0]

    def advance(self,
                stream: VideoStream,
                image: Optional[Tensor],
                sample: DetDataSample,
                op: Optional[str] = None) -> DetDataSample:
        """Detect on the next frame of a video.

        Args:
            stream (VideoStream): State of the video; changed in place.
            image (Tensor, optional): (1, 3, H, W), normalised; not looked
                at in a forecast step.
            sample (DetDataSample): Metas of the frame.
            op (str, optional): ``'read'`` or ``'forecast'`` in place of
                what the policy wants.

        Returns:
            DetDataSample: ``sample`` with ``pred_instances`` and the metas
            ``is_forecast``, ``forecast_conf`` (for the next frame; None if
            no scheduler was asked) and, if asked for, ``time_model``.

        Raises:
            ValueError: If the frame is to be read and there is no image.
        """
        begin = self._clock()
        advance_video(
            self, stream, None if image is None else partial(
                self.extract_maps, image), sample, op)
        if self.test_cfg.get('timing'):
            sample.set_metainfo(dict(time_model=self._clock() - begin))
        return sample

    def peek(self, stream: VideoStream, sample: DetDataSample,
             frames: int) -> DetDataSample:
        """See :func:`~.video_steps.peek_video`."""
        return peek_video(self, stream, sample, frames)

    def skip(self, stream: VideoStream, frames: int) -> None:
        """See :func:`~.video_steps.skip_frames`."""
        skip_frames(self, stream, frames)

    def _clock(self) -> float:
        """The time in seconds, behind all that is under way if times are
        measured."""
        if self.test_cfg.get('timing') and next(self.parameters()).is_cuda:
            torch.cuda.synchronize()
        return time.perf_counter()

    def predict(self, inputs: Tensor, data_samples: List[TrackDataSample],
                **kwargs: Any) -> List[TrackDataSample]:
        """Detect on the next frame or frames of one video.

        Which video it is, and whether a frame begins it, is told by the
        metas ``video_id`` and ``frame_id``; a change of the image size also
        begins anew.

        Args:
            inputs (Tensor): (1, T, 3, H, W), normalised.
            data_samples (list[TrackDataSample]): One, with T frames.

        Returns:
            list[TrackDataSample]: The same, see :meth:`advance`.

        Raises:
            ValueError: If there is more than one video.
        """
        if len(inputs) != 1:
            raise ValueError(
                f'a batch of {len(inputs)} videos, but a state is kept of '
                'one; set batch_size=1 in val_dataloader and '
                'test_dataloader')
        if self._stream is None:
            self._stream = VideoStream(self.new_policy())
        stream, size = self._stream, (inputs.shape[-2], inputs.shape[-1])
        for t in range(inputs.shape[1]):
            sample = data_samples[0][t]
            video, frame = sample.get('video_id'), sample.get('frame_id')
            if frame == 0 or not stream.follows(video, frame, size):
                stream.reset()
            stream.video_id, stream.frame_id = video, frame
            stream.size = size
            self.advance(stream, inputs[:, t], sample)
        return data_samples

    def _forward(self,
                 inputs: Tensor,
                 data_samples: Optional[List[TrackDataSample]] = None,
                 **kwargs: Any) -> Any:
        """Raw outputs of the head for the first frames, without state.

        Args:
            inputs (Tensor): (N, T, 3, H, W), normalised.
            data_samples (list[TrackDataSample], optional): Not used.

        Returns:
            Any: What the detector's head returns.
        """
        step = self.step_maps(self.extract_maps(inputs[:, 0]))
        return self.detector.bbox_head(self.head_maps(step.det_feats))
