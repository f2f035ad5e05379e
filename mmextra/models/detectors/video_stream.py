"""All that a live video carries from one frame to the next."""
import copy
from dataclasses import dataclass, field
from typing import Any, Optional, Tuple

from mmengine.structures import InstanceData
from torch import Tensor

from mmextra_runtime.box_motion import BoxMotion

from ..task_modules.read_policy import READ, ReadPolicy


@dataclass
class VideoStream:
    """State of one video, kept by whoever runs it.

    Attributes:
        policy: Decides which frames are read; it counts them, so the
            stream has its own copy of what it is given.
        memory: State of the temporal module.
        ahead: Maps forecast for the next frame, whether or not it is to be
            read.
        read: Maps of the last frame that was read.
        shown: Detections of that frame.
        motion: Where these move.
        size: Height and width of the network's input.
        video_id: Which video.
        frame_id: Position of the last frame in it.
    """
    policy: ReadPolicy
    memory: Any = None
    ahead: Optional[Tuple[Tensor, ...]] = None
    read: Optional[Tuple[Tensor, ...]] = None
    shown: Optional[InstanceData] = None
    motion: BoxMotion = field(default_factory=BoxMotion)
    size: Optional[Tuple[int, int]] = None
    video_id: Optional[int] = None
    frame_id: Optional[int] = None

    def __post_init__(self) -> None:
        self.policy = copy.copy(self.policy)
        self.policy.reset()

    def reset(self) -> None:
        """A new video begins."""
        self.policy.reset()
        self.memory = self.ahead = self.read = self.shown = None
        self.motion = BoxMotion()
        self.size = self.video_id = self.frame_id = None

    @property
    def has_next(self) -> bool:
        """Whether there is anything to show if the next frame is not
        read."""
        source = self.ahead if self.policy.between == 'forecast' \
            else self.shown
        return source is not None

    @property
    def needs_frame(self) -> bool:
        """Whether the next frame has to be read."""
        return not self.has_next or self.policy.next_op() == READ

    def follows(self, video_id: Optional[int], frame_id: Optional[int],
                size: Tuple[int, int]) -> bool:
        """Whether a frame continues this video.

        Args:
            video_id (int, optional): Of the frame.
            frame_id (int, optional): Its position; 0 begins a video.
            size (tuple[int, int]): Height and width of the network's input.

        Returns:
            bool: False for another video, another size, or a position that
            does not come after the last. Gaps do not end a video.
        """
        if self.size is None:
            return True  # nothing to forget
        if self.size != size or self.video_id != video_id:
            return False
        return frame_id is None or self.frame_id is None or \
            frame_id > self.frame_id
