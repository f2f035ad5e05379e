"""Clips of frames at random equal intervals (Section 4.2)."""
from typing import Dict, List, Sequence

from mmdet.datasets.transforms import BaseFrameSample
from mmdet.registry import TRANSFORMS

from mmextra.utils.worker_random import WorkerRandom


def thinning_qmax(length: int, num_frames: int,
                  max_thinning: int = 25) -> int:
    """The most frames that may be left out between two of a clip.

    ``min(floor((l - 1) / n - 1), r)``: so many that n + 1 frames fit.

    Args:
        length (int): l, frames of the video.
        num_frames (int): n, frames to train on; one more is a target.
        max_thinning (int): r.

    Returns:
        int: From 0 on.
    """
    return max(0, min((length - 1) // num_frames - 1, max_thinning))


def thinning_indices(length: int, num_frames: int, q: int,
                     start: int) -> List[int]:
    """Frames of a clip.

    Args:
        length (int): Frames of the video.
        num_frames (int): n.
        q (int): Frames left out between two of the clip.
        start (int): Index of the first.

    Returns:
        list[int]: n + 1 indices. A video that is too short repeats its last
        frame.
    """
    return [min(start + k * (q + 1), length - 1)
            for k in range(num_frames + 1)]


@TRANSFORMS.register_module()
class ThinningClipSample(BaseFrameSample):
    """Take n + 1 frames of a video at a random equal interval.

    The number of frames left out in between is uniform in
    0..:func:`thinning_qmax`, the start uniform among those that fit.

    Not in the paper: videos too short for n + 1 frames repeat their last.

    Args:
        num_frames (int): n, frames to train on.
        max_thinning (int): r, the largest number left out.
        thinning (bool): Whether to leave out any; the paper stops for the
            last two epochs (:class:`FeatureForecastPhaseHook`).
        meta_keys (Sequence[str]): What of the video is copied to each of
            its frames.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(self,
                 num_frames: int = 10,
                 max_thinning: int = 25,
                 thinning: bool = True,
                 meta_keys: Sequence[str] = ('video_id', 'video_length')
                 ) -> None:
        super().__init__(collect_video_keys=list(meta_keys))
        if num_frames < 1 or max_thinning < 0:
            raise ValueError(
                'num_frames must be at least 1 and max_thinning at least 0, '
                f'got {num_frames} and {max_thinning}')
        self.num_frames = num_frames
        self.max_thinning = max_thinning
        self.thinning = thinning
        self._random = WorkerRandom()

    def sample_indices(self, length: int) -> List[int]:
        """Draw the frames of a clip.

        Args:
            length (int): Frames of the video.

        Returns:
            list[int]: See :func:`thinning_indices`.
        """
        rng = self._random.generator
        q = rng.randint(0, thinning_qmax(
            length, self.num_frames, self.max_thinning)) \
            if self.thinning else 0
        last = max(0, length - 1 - self.num_frames * (q + 1))
        return thinning_indices(length, self.num_frames, q,
                                rng.randint(0, last))

    def transform(self, video_infos: dict) -> Dict[str, List]:
        """Draw a clip.

        Args:
            video_infos (dict): A video as the dataset gives it: ``images``,
                ``video_length`` and ``meta_keys``.

        Returns:
            dict[str, list]: Lists over the frames.

        Raises:
            ValueError: If the video has no frames.
        """
        frames = video_infos['images']
        if not frames:
            raise ValueError(
                f'video {video_infos.get("video_id")} has no frames; raise '
                'filter_cfg.min_video_length of the dataset')
        # Copies: the base class writes into what it is given, and a frame
        # may be in the clip twice.
        chosen = [dict(frames[i]) for i in self.sample_indices(len(frames))]
        return self.prepare_data(
            dict(video_infos, images=chosen), list(range(len(chosen))))

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(num_frames={self.num_frames}, '
                f'max_thinning={self.max_thinning}, '
                f'thinning={self.thinning})')
