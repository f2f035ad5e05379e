"""Detection on a live stream that reads only the frames it needs."""
import time
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from mmcv.cnn import fuse_conv_bn
from mmdet.registry import MODELS, TRANSFORMS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope
from mmengine.runner import load_checkpoint
from torch import nn

from mmextra.datasets import ImageNetVIDDataset
from mmextra.datasets.image_files import check_uint8
from mmextra.models.detectors import FeatureForecastDetector, VideoStream
from mmextra.models.detectors.forecast_parts import check_policy
from mmextra.models.task_modules.read_policy import READ, ReadPolicy
from mmextra.utils.checkpoint_fit import check_fit

from .frame_source import FrameList


def frame_pipeline(cfg: Config) -> Compose:
    """What the test pipeline of a config does to one image.

    Args:
        cfg (Config): Full config with a ``test_dataloader`` of videos.

    Returns:
        Compose: Takes ``dict(img=array)``; without loading and packing.

    Raises:
        ValueError: If the pipeline does not begin with a
            ``TransformBroadcaster`` that loads images.
    """
    dataset = cfg.test_dataloader.dataset
    while 'pipeline' not in dataset:
        dataset = dataset.dataset
    first = dataset.pipeline[0]
    steps = first.get('transforms') or []
    if not first['type'].endswith('TransformBroadcaster') or not steps or \
            not steps[0]['type'].endswith('LoadImageFromFile'):
        raise ValueError(
            'the test pipeline must begin with dict(type='
            "'TransformBroadcaster', transforms=[dict(type="
            f"'LoadImageFromFile'), ...]), not {first['type']}")
    return Compose([TRANSFORMS.build(step) for step in steps[1:]
                    if 'Annotations' not in step['type']])


def optimize_for_inference(model: nn.Module) -> None:
    """Fuse normalisation into convolutions and reorder memory, in place.

    Only backbone, neck and head gain from channels last, not the encoders.
    Of the scheduler the normalisations after its convolutions are fused.
    Detections differ by rounding. The model cannot be trained afterwards.

    Args:
        model (nn.Module): In evaluation mode; of a
            ``FeatureForecastDetector`` its detector is changed.
    """
    detector: Any = getattr(model, 'detector', model)
    fuse_conv_bn(detector)
    scheduler = getattr(model, 'scheduler', None)
    if scheduler is not None:
        fuse_conv_bn(scheduler)
    detector.to(memory_format=torch.channels_last)


class StreamDetector:
    """Detects on frames as they come, and says beforehand if it needs one.

    Example::

        ok = True
        while ok:
            if det.needs_frame:
                ok, frame = capture.read()
            else:
                ok, frame = capture.grab(), None
            if ok:
                result = det.step(frame)

    Args:
        model (FeatureForecastDetector): The model, in evaluation mode.
        pipeline (Compose): See :func:`frame_pipeline`.
        policy (dict or ReadPolicy, optional): Changes to the model's policy,
            or another one.
        optimized (bool): Whether :func:`optimize_for_inference` was called.
    """

    def __init__(self,
                 model: FeatureForecastDetector,
                 pipeline: Compose,
                 policy: Union[dict, ReadPolicy, None] = None,
                 optimized: bool = False) -> None:
        self.model = model
        self.pipeline = pipeline
        self.optimized = optimized
        if not isinstance(policy, ReadPolicy):
            policy = model.new_policy(**(policy or {}))
        check_policy(model, policy)
        self.stream = VideoStream(policy)
        self._shape: Optional[Tuple[int, ...]] = None
        self._metas: Dict[str, Any] = {}
        self._counts = dict(reads=0, forecasts=0)
        self._skipped = 0
        self._seconds = 0.
        self.reset()

    @property
    def needs_frame(self) -> bool:
        """Whether the next :meth:`step` needs its frame; known before that
        frame exists."""
        return self.stream.needs_frame

    @property
    def stats(self) -> Dict[str, float]:
        """``frames``, ``reads`` and ``forecasts`` since the beginning,
        ``ratio`` of forecasts, ``skipped`` frames, which are none of the
        ``frames``, and ``fps`` of the model with its preprocessing, without
        the source."""
        frames = sum(self._counts.values())
        return dict(
            frames=frames,
            **self._counts,
            ratio=self._counts['forecasts'] / max(frames, 1),
            skipped=self._skipped,
            fps=frames / self._seconds if self._seconds else 0.)

    def reset(self) -> None:
        """A new video begins; its first frame is needed."""
        self.stream.reset()
        self._shape = None
        self._frame_index = 0

    @torch.no_grad()
    def step(self,
             frame: Optional[np.ndarray] = None,
             force_read: bool = False) -> DetDataSample:
        """Detect on the next frame.

        Args:
            frame (np.ndarray, optional): (h, w, 3) uint8 BGR. Not looked at
                unless it is needed, so that results are those of the test
                loop. A frame of another size begins a new video.
            force_read (bool): Read it though it is not needed.

        Returns:
            DetDataSample: ``pred_instances`` in pixels of the last frame
            read, and the metas ``frame_index``, ``is_forecast``,
            ``forecast_conf`` (for the next frame; None if the policy asks
            no scheduler) and ``latency_ms``.

        Raises:
            ValueError: If the frame is needed and not given, or is no
                colour image of eight bits.
        """
        begin = time.perf_counter()
        if frame is not None:
            self._check(frame)
        if frame is None and (force_read or self.needs_frame):
            raise ValueError(
                f'frame {self._frame_index} is needed (needs_frame is True) '
                'but was not given; a forecast is there only after a step '
                'whose policy chose it')
        read = force_read or self.needs_frame
        image = self._prepare(frame) if read and frame is not None else None
        sample = DetDataSample(metainfo=dict(self._metas))
        with DefaultScope.overwrite_default_scope('mmdet'):
            sample = self.model.advance(
                self.stream, image, sample, op=READ if read else None)
        self._synchronize()
        seconds = time.perf_counter() - begin
        sample.set_metainfo(dict(
            frame_index=self._frame_index, latency_ms=1000 * seconds))
        self._frame_index += 1
        self._seconds += seconds
        self._counts['forecasts' if sample.is_forecast else 'reads'] += 1
        return sample

    @torch.no_grad()
    def peek(self, frames: int = 1) -> DetDataSample:
        """What should be seen later, before it is; nothing else changes.

        A result is late by the time that it took. Whoever knows this time
        looks so many frames ahead.

        Args:
            frames (int): Frames after the last :meth:`step`; 1 is the next.

        Returns:
            DetDataSample: ``pred_instances`` and the meta ``frame_index``.
            Detected on the forecast maps, or the last boxes repeated or
            moved, as the policy's ``between`` says.

        Raises:
            ValueError: If no frame was seen yet, or nothing is forecast.
        """
        with DefaultScope.overwrite_default_scope('mmdet'):
            sample = self.model.peek(
                self.stream, DetDataSample(metainfo=dict(self._metas)),
                frames)
        sample.set_metainfo(dict(
            frame_index=self._frame_index + frames - 1))
        return sample

    @torch.no_grad()
    def skip(self, frames: int = 1) -> None:
        """Tell that frames of the source were passed over.

        Without it forecasts, ages of reads and velocities count too few
        frames.

        Args:
            frames (int): How many since the last :meth:`step`.

        Raises:
            ValueError: If it is below 0.
        """
        if frames < 0:
            raise ValueError(f'cannot skip {frames} frames')
        begin = time.perf_counter()
        self.model.skip(self.stream, frames)
        self._synchronize()
        self._seconds += time.perf_counter() - begin
        self._frame_index += frames
        self._skipped += frames

    def run(self, source: Any
            ) -> Iterator[Tuple[Optional[np.ndarray], DetDataSample]]:
        """Detect on all frames of a source, from its beginning.

        Args:
            source (Any): With ``read()`` and ``grab()`` as
                ``cv2.VideoCapture``, or an iterable of frames.

        Yields:
            tuple: The frame, None if it was not needed, and the result.
        """
        if not hasattr(source, 'grab'):
            source = FrameList(source)
        self.reset()
        while True:
            if self.needs_frame:
                there, frame = source.read()
            else:
                there, frame = source.grab(), None
            if not there:
                return
            yield frame, self.step(frame)

    def _check(self, frame: np.ndarray) -> None:
        if not isinstance(frame, np.ndarray):
            raise ValueError('a frame must be a numpy array (h, w, 3) BGR, '
                             f'got a {type(frame).__name__}')
        if frame.ndim != 3 or frame.shape[2] != 3 or not frame.size:
            raise ValueError(
                f'a frame must be (h, w, 3) BGR, got {frame.shape}')
        check_uint8(frame, 'a frame')
        if self._shape is not None and frame.shape != self._shape:
            self.reset()
        self._shape = frame.shape

    def _prepare(self, frame: np.ndarray) -> torch.Tensor:
        """(1, 3, H, W) input of the network; notes the metas."""
        data = self.pipeline(dict(img=frame, ori_shape=frame.shape[:2]))
        pixels = torch.from_numpy(
            np.ascontiguousarray(data['img'].transpose(2, 0, 1)))
        image = self.model.data_preprocessor(
            dict(inputs=[pixels[None]], data_samples=None))['inputs'][0]
        self._metas = dict(
            ori_shape=frame.shape[:2],
            img_shape=data['img'].shape[:2],
            scale_factor=data.get('scale_factor', (1., 1.)),
            pad_shape=tuple(image.shape[-2:]),
            batch_input_shape=tuple(image.shape[-2:]))
        if self.optimized:
            image = image.contiguous(memory_format=torch.channels_last)
        return image

    def _synchronize(self) -> None:
        if next(self.model.parameters()).is_cuda:
            torch.cuda.synchronize()


def class_names(cfg: Config) -> Sequence[str]:
    """What the labels of a video detector are called.

    Args:
        cfg (Config): With a ``test_dataloader``.

    Returns:
        Sequence[str]: Those of the data set in the config, by default those
        of ImageNet VID.
    """
    dataset = cfg.test_dataloader.dataset
    return (dataset.get('metainfo') or {}).get('classes') or \
        ImageNetVIDDataset.METAINFO['classes']


def init_stream_detector(config: Union[str, Path, Config],
                         checkpoint: Optional[str] = None,
                         device: str = 'cpu',
                         policy: Union[dict, ReadPolicy, None] = None,
                         optimize: bool = False) -> StreamDetector:
    """Build a stream detector.

    Args:
        config (str, Path or Config): Config of a
            ``FeatureForecastDetector``.
        checkpoint (str, optional): Its weights; random ones without.
        device (str): Where to run.
        policy (dict or ReadPolicy, optional): Changes to the config's
            policy, for example ``dict(threshold=0.5)``, or another one.
        optimize (bool): See :func:`optimize_for_inference`.

    Returns:
        StreamDetector: Ready for the first frame.

    Raises:
        ValueError: If the config is of another kind of model, or the
            checkpoint of another one.
    """
    cfg = config if isinstance(config, Config) else Config.fromfile(config)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(cfg.model)
        if not isinstance(model, FeatureForecastDetector):
            raise ValueError(
                f'a stream needs a FeatureForecastDetector, the config has '
                f'{type(model).__name__}; see configs/feature_forecast')
        pipeline = frame_pipeline(cfg)
    if checkpoint is not None:
        check_fit(model, str(checkpoint), class_names(cfg))
        load_checkpoint(model, checkpoint, map_location='cpu')
    model.to(device).eval()
    if optimize:
        optimize_for_inference(model)
    model.cfg = cfg
    return StreamDetector(model, pipeline, policy, optimized=optimize)
