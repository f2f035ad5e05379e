"""Pictures of video detection, one file per frame of every video."""
import os.path as osp

import mmcv
from mmdet.engine.hooks import TrackVisualizationHook
from mmdet.registry import HOOKS
from mmdet.structures import DetDataSample
from mmengine.fileio import get


@HOOKS.register_module()
class VIDVisualizationHook(TrackVisualizationHook):
    """Draws into ``<out dir>/<video>/<frame>``.

    The stock hook names a video after the third-last part of the path, as
    MOT data is laid out; in ILSVRC's layout all videos of a split would
    share one folder and overwrite each other.

    Args:
        frame_interval (int): Draw every so many frames.
        **kwargs: See :class:`mmdet.engine.hooks.TrackVisualizationHook`.
    """

    def __init__(self, *args, frame_interval: int = 1, **kwargs) -> None:
        super().__init__(*args, frame_interval=frame_interval, **kwargs)

    def visualize_single_image(self, img_data_sample: DetDataSample,
                               step: int) -> None:
        """Draw one frame.

        Args:
            img_data_sample (DetDataSample): The frame with its detections.
            step (int): Number of the frame.
        """
        path = img_data_sample.img_path
        image = mmcv.imfrombytes(
            get(path, backend_args=self.backend_args), channel_order='rgb')
        video, frame = path.replace('\\', '/').split('/')[-2:]
        out_file = None
        if self.test_out_dir is not None:
            out_file = osp.join(self.test_out_dir, video, frame)
        self._visualizer.add_datasample(
            f'{video}/{frame}' if self.show else 'test_img',
            image,
            data_sample=img_data_sample,
            show=self.show,
            wait_time=self.wait_time,
            pred_score_thr=self.score_thr,
            out_file=out_file,
            step=step)
