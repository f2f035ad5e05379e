"""ImageNet VID, and any videos in a COCO-VID file."""
import json
import os.path as osp
from typing import Any, List, Optional, Tuple

from mmdet.datasets import BaseVideoDataset
from mmdet.registry import DATASETS

from .bad_input import AnnotationError, require_layout
from .class_names import VID_ALIASES, ClassNames, hint
from .coco_json import (
    normalised_coco,
    number_tracks,
    tell_left_out,
    tell_other_classes,
)
from .ilsvrc_classes import VID_CLASSES
from .reader import ReaderMixin, tell_other_sizes
from .text_files import temporary_copy

LAYOUT = """Expected:
  {root}/Data/VID/(train|val)/.../<video>/000000.JPEG
  {root}/Annotations/VID/(train|val)/.../<video>/000000.xml
  {root}/annotations/imagenet_vid_(train|val).json
The last are made by
  python tools/dataset_converters/imagenet_vid.py {root}
For a trial:
  python tools/make_synthetic.py moving_objects data/synthetic_video"""


@DATASETS.register_module()
class ImageNetVIDDataset(ReaderMixin, BaseVideoDataset):
    """ImageNet VID (Section 4.1), in a COCO-VID file.

    One entry is a video. Frames are in the order of their ``frame_id``.
    Frames without objects stay: without them the distances in time would be
    wrong. Videos of one's own need ``videos``, ``images`` (with
    ``video_id`` and ``frame_id``), ``annotations`` (with ``instance_id``
    of their object, by which speeds are measured) and ``categories``, and
    ``metainfo=dict(classes=...)``.

    Args:
        filter_cfg (dict, optional): See
            :class:`mmdet.datasets.BaseVideoDataset`, and
            ``min_video_length``: shorter videos are not trained on.
        **kwargs: See there.

    Raises:
        FileNotFoundError: If files are missing; the text shows the layout
            and how to make it.
        AnnotationError: If the file is not as it must be, see
            :func:`~.coco_json.read_coco`, its classes are others, or frames
            of a video share a number.
    """

    METAINFO = dict(classes=tuple(VID_CLASSES))

    def __init__(self,
                 *args,
                 filter_cfg: Optional[dict] = dict(
                     filter_empty_gt=False, min_size=1, min_video_length=1),
                 **kwargs) -> None:
        self._last_video: Tuple[Optional[int], dict] = (None, {})
        self._classes_fit = False
        super().__init__(*args, filter_cfg=filter_cfg, **kwargs)

    def load_data_list(self) -> List[dict]:
        """Load the videos, their frames in order."""
        root = (self.data_root or '.').rstrip('/')
        needed = {'annotation file': self.ann_file}
        prefix = self.data_prefix.get('img_path')
        if prefix:
            needed['folder of the frames (data_prefix.img_path)'] = prefix
        require_layout(needed, LAYOUT.format(root=root))
        # The base class would lose bad entries without a word.
        content, changed = normalised_coco(
            self.ann_file, images_alone=self.test_mode)
        self._check_videos(content)
        changed |= self._fold_categories(content)
        tell_other_classes(content, self.metainfo['classes'], self.ann_file)
        # Speeds are measured, not trained on.
        changed |= bool(self.test_mode and content['annotations'] and
                        number_tracks(content, self.ann_file))
        self._left_out, self._ignored = 0, 0
        self._source = self.ann_file
        data_list = self._load_videos(content if changed else None)
        tell_other_sizes([frame for video in data_list
                          for frame in video['images']], self.ann_file)
        tell_left_out(self.ann_file, self._left_out, self._ignored)
        for video in data_list:
            frames = video['images']
            for frame in frames:
                if 'frame_id' not in frame:
                    raise AnnotationError(
                        f'{self.ann_file}, image {frame["img_id"]}',
                        'has no frame_id',
                        'Number the frames of each video from 0 on')
            frames.sort(key=lambda frame: frame['frame_id'])
            for before, after in zip(frames, frames[1:]):
                if before['frame_id'] == after['frame_id']:
                    raise AnnotationError(
                        f'{self.ann_file}, video {video["video_id"]}',
                        f'images {before["img_id"]} and {after["img_id"]} '
                        f'are both frame {after["frame_id"]}',
                        'Number the frames of each video from 0 on')
        return data_list

    def _load_videos(self, content: Optional[dict]) -> List[dict]:
        """The videos of the file, or of other content in its place; the
        base class opens the file by itself."""
        if content is None:
            return super().load_data_list()
        source = self.ann_file
        with temporary_copy(json.dumps(content), '.json') as self.ann_file:
            try:
                return super().load_data_list()
            finally:
                self.ann_file = source

    def _fold_categories(self, content: dict) -> bool:
        """Give categories the spelling of the classes; says so."""
        names = ClassNames(self.metainfo['classes'], VID_CLASSES,
                           VID_ALIASES, type(self).__name__)
        changed = False
        taken = {item['name'] for item in content['categories']}
        for item in content['categories']:
            label = names.label(item['name'])
            name = item['name'] if label is None else names.classes[label]
            if name not in taken:
                item['name'], changed = name, True
        if changed:
            names.tell(self.ann_file)
        return changed

    def _check_videos(self, content: dict) -> None:
        """The base class makes a video of every image without one."""
        without = [image['id'] for image in content['images']
                   if 'video_id' not in image]
        if 0 < len(without) < len(content['images']):
            raise AnnotationError(
                f'{self.ann_file}, image {without[0]}', 'has no video_id',
                'Give it to all images, or to none')

    def parse_data_info(self, raw_data_info: dict) -> dict:
        """See the base class; checks the classes at the first frame."""
        if not self._classes_fit:
            self._check_classes()
            self._classes_fit = True
        annotations = [item for item in raw_data_info['raw_ann_info']
                       if not item.get('ignore', False)]
        info = super().parse_data_info(
            dict(raw_data_info, raw_ann_info=annotations))
        self._left_out += len(annotations) - len(info['instances'])
        self._ignored += len(raw_data_info['raw_ann_info']) - len(annotations)
        return info

    def _check_classes(self) -> None:
        """Labels follow the file, whatever order the classes have."""
        classes = tuple(self.metainfo['classes'])
        in_file = tuple(
            item['name'] for item in self.coco.dataset['categories'])
        selected = tuple(name for name in in_file if name in classes)
        if selected != classes:
            strange = [name for name in classes if name not in in_file]
            raise AnnotationError(
                f'{self._source}, categories',
                f'are {in_file}, and metainfo.classes {classes}',
                f'{hint(strange, in_file)}. '.lstrip('. ') + 'Name classes '
                'of the file only, in its order: classes='
                f'{selected}')

    def filter_data(self) -> List[dict]:
        """Drop what ``filter_cfg`` says, and videos that are too short;
        nothing in test mode."""
        videos = super().filter_data()
        if self.test_mode:
            return videos
        shortest = max((self.filter_cfg or {}).get('min_video_length', 1), 1)
        # Not by the frames: the base class leaves them where it drops all.
        kept = [video for video in videos
                if video['video_length'] >= shortest]
        longest = max((video['video_length'] for video in videos), default=0)
        if longest and not kept:
            raise ValueError(
                f'{self.ann_file}: no video is left of {len(videos)}; the '
                f'longest has {longest} frames, filter_cfg asks for '
                f'min_video_length={shortest}')
        return self.require_images(kept)

    def get_data_info(self, idx: int) -> dict:
        """A video; in test mode the last one is kept at hand, for it is
        asked for frame by frame."""
        if not self.test_mode:
            return super().get_data_info(idx)
        if self._last_video[0] != idx:
            self._last_video = (idx, super().get_data_info(idx))
        return self._last_video[1]

    def prepare_data(self, idx: Any) -> Any:
        """See the base class; tells what to do about a missing frame."""
        try:
            return super().prepare_data(idx)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f'{osp.abspath(self.ann_file)} lists a frame that is not '
                f'there: {error}. Restore the file, or make the annotation '
                'file again; leaving a frame out would shift the time.'
            ) from error
