"""VisDrone2019-DET as it is on disk."""
import os
import os.path as osp
import warnings
from typing import List, Optional

from mmdet.datasets import BaseDetDataset
from mmdet.registry import DATASETS

from .bad_input import AnnotationError, BadInput, OnError, require_layout
from .class_names import ClassNames
from .image_files import image_size, index_images, is_stranger
from .reader import ReaderMixin
from .text_files import read_lines

REMEDY = 'Correct or remove the line, or set on_error="skip"'
FORM = 'left,top,width,height,score,category,truncation,occlusion'
REGION, OTHERS = 0, 11

LAYOUT = """VisDrone2019-DET is expected as
  {root}/VisDrone2019-DET-(train|val|test-dev)/images/*.jpg
  {root}/VisDrone2019-DET-(train|val|test-dev)/annotations/*.txt
Unpack the set as its authors distribute it, and name the folder in data_root;
or for a trial make one:  python tools/make_synthetic.py aerial {root}"""


def parse_visdrone_line(line: str, where: str) -> Optional[dict]:
    """Read one line of an annotation file.

    Args:
        line (str): ``left,top,width,height,score,category,truncation,
            occlusion`` in pixels; the last two and a comma at the end may
            be there or not.
        where (str): File and line, for messages.

    Returns:
        dict or None: ``bbox`` x1, y1, x2, y2, ``bbox_label`` (category - 1;
        0 for what is ignored, since labels index the class names),
        ``ignore_flag``, ``ignore_kind`` ('object', 'region' or 'others'),
        ``truncation`` and ``occlusion``. None for a blank line and for
        a box without area, of which the data set has some.

    Raises:
        AnnotationError: If fields are missing or no whole numbers, a side is
            negative, or the category is unknown.
    """
    fields = line.strip().rstrip(',').split(',')
    if fields == ['']:
        return None
    if not 6 <= len(fields) <= 8:
        raise AnnotationError(
            where, f'expected {FORM}, got {len(fields)} fields: '
            f'{line.strip()!r}', REMEDY)
    try:
        values = [int(field) for field in fields]
    except ValueError:
        raise AnnotationError(
            where, f'expected whole numbers, got {line.strip()!r}',
            REMEDY) from None
    left, top, width, height, score, category = values[:6]
    truncation, occlusion = (values[6:] + [0, 0])[:2]
    # Boxes are kept in single precision.
    if max(map(abs, values[:4])) >= 1e38:
        raise AnnotationError(
            where, f'the box {values[:4]} is not finite', REMEDY)
    if min(width, height) < 0:
        raise AnnotationError(
            where, f'the box has a negative side: width {width}, height '
            f'{height}', REMEDY)
    if not REGION <= category <= OTHERS:
        raise AnnotationError(
            where, f'category {category} is unknown, legal are {REGION} '
            f'(ignored region) to {OTHERS} (others)', REMEDY)
    if min(width, height) == 0:
        return None
    kind = {REGION: 'region', OTHERS: 'others'}.get(category, 'object')
    if score == 0 and kind == 'object':
        kind = 'others'
    ignored = kind != 'object'
    return dict(
        bbox=[left, top, left + width, top + height],
        bbox_label=0 if ignored else category - 1,
        ignore_flag=int(ignored),
        ignore_kind=kind,
        truncation=truncation,
        occlusion=occlusion)


@DATASETS.register_module()
class VisDroneDataset(ReaderMixin, BaseDetDataset):
    """VisDrone2019-DET: ten classes, and ignored regions.

    Regions (category 0), others (11) and boxes with score 0 get
    ``ignore_flag=1``. Boxes without area or wholly outside of the image are
    left out, and one warning counts them. Sizes are read from the images'
    headers. Images are sorted by name. ``img_id`` is the image's name without
    extension. In test mode there need be no annotations at all, as in
    test-challenge: the images can be detected on, and measure nothing.

    Args:
        data_prefix (dict): Folders ``img`` and ``ann``.
        replicate_ignored (bool): In test mode repeat every region for each
            class, so that ``CocoMetric`` treats it as a crowd of all of
            them and not of the first alone.
        on_error (str): ``'raise'``, or ``'skip'`` to leave bad lines and
            images out with one warning that counts them.
        **kwargs: See :class:`mmdet.datasets.BaseDetDataset`; with fewer
            ``metainfo['classes']`` objects of the others are left out;
            ``filter_cfg=dict(filter_empty_gt=True)`` drops images without
            objects in training, which are kept otherwise.

    Raises:
        FileNotFoundError: If a folder, or the annotation of an image or the
            image of an annotation is missing.
        ValueError: If an annotation or an image cannot be used; it names
            file and line.
    """

    METAINFO = dict(
        classes=('pedestrian', 'people', 'bicycle', 'car', 'van', 'truck',
                 'tricycle', 'awning-tricycle', 'bus', 'motor'),
        palette=[(220, 20, 60), (255, 99, 164), (119, 11, 32), (0, 0, 142),
                 (0, 130, 180), (0, 0, 70), (175, 116, 175), (165, 42, 42),
                 (0, 60, 100), (0, 0, 230)])

    def __init__(self,
                 *args,
                 data_prefix: dict = dict(img='images', ann='annotations'),
                 replicate_ignored: bool = True,
                 on_error: OnError = 'raise',
                 **kwargs) -> None:
        self.replicate_ignored = replicate_ignored
        self.bad = BadInput(on_error)
        super().__init__(*args, data_prefix=data_prefix, **kwargs)

    def load_data_list(self) -> List[dict]:
        """Load the annotations of the split, see the class."""
        img_dir, ann_dir = self.data_prefix['img'], self.data_prefix['ann']
        root = (self.data_root or osp.dirname(osp.dirname(
            osp.normpath(img_dir))) or '.').rstrip('/')
        needed = {
            'data root': root,
            'folder of images (data_prefix.img)': img_dir,
            'folder of annotations (data_prefix.ann)': ann_dir
        }
        if self.test_mode and not osp.exists(ann_dir):
            del needed['folder of annotations (data_prefix.ann)']
        require_layout(needed, LAYOUT.format(root=root))
        images = index_images(img_dir)
        annotated = {name[:-4] for name in os.listdir(ann_dir)
                     if name.endswith('.txt') and not is_stranger(name)
                     } if osp.exists(ann_dir) else set()
        self._names = ClassNames(
            self.metainfo['classes'], self.METAINFO['classes'],
            owner=type(self).__name__)
        self._names.require_any()
        self._truth = bool(annotated) or not self.test_mode
        if not self._truth:
            warnings.warn(
                f'{ann_dir} has no annotations; the images are read without '
                'objects, for inference alone', stacklevel=2)
        data_list = []
        for img_id in sorted(annotated.union(images)):
            try:
                if img_id not in images:
                    raise FileNotFoundError(
                        f'annotation {osp.join(ann_dir, img_id)}.txt has no '
                        f'image in {img_dir}. Add it, or remove the '
                        'annotation, or set on_error="skip"')
                data_list.append(
                    self._read_image(img_id, images[img_id], ann_dir))
            except (ValueError, FileNotFoundError) as error:
                self.bad.report(error)
        self.bad.summarise(ann_dir)
        self._names.tell(ann_dir)
        if not data_list:
            raise ValueError(f'{img_dir}: no image is left. Is the folder '
                             'empty, or is everything skipped?')
        return data_list

    def _read_image(self, img_id: str, img_path: str, ann_dir: str) -> dict:
        ann_path = osp.join(ann_dir, f'{img_id}.txt')
        if not self._truth:
            width, height = image_size(img_path)
            return dict(img_id=img_id, img_path=img_path, width=width,
                        height=height, instances=[])
        if not osp.isfile(ann_path):
            raise FileNotFoundError(
                f'image {img_path} has no annotation {ann_path}. Add it (an '
                'empty file for an image without objects), or remove the '
                'image, or set on_error="skip"')
        width, height = image_size(img_path)
        instances = []
        for number, line in enumerate(read_lines(ann_path), 1):
            where = f'{ann_path}, line {number}'
            try:
                instance = parse_visdrone_line(line, where)
            except AnnotationError as error:
                self.bad.report(error)
                continue
            if not instance:
                if line.strip():
                    self.bad.leave_out(f'{where}: no area')
                continue
            left, top, right, bottom = instance['bbox']
            if min(right, bottom, width - left, height - top) <= 0:
                self.bad.leave_out(
                    f'{where}: the box {instance["bbox"]} lies outside of '
                    f'the image of {width} x {height} pixels')
                continue
            instances += self._relabel(instance)
        return dict(
            img_id=img_id,
            img_path=img_path,
            width=width,
            height=height,
            instances=instances)

    def _relabel(self, instance: dict) -> List[dict]:
        """The instance with a label of this data set, once, for each class,
        or not at all."""
        if instance['ignore_kind'] == 'object':
            name = self.METAINFO['classes'][instance['bbox_label']]
            label = self._names.label(name)
            return [] if label is None else [dict(instance, bbox_label=label)]
        if instance['ignore_kind'] == 'region' and self.test_mode \
                and self.replicate_ignored:
            return [dict(instance, bbox_label=label)
                    for label in range(len(self._names.classes))]
        return [instance]

    def filter_data(self) -> List[dict]:
        """Drop images without an object, or smaller than ``min_size``, if
        ``filter_cfg`` says so; never in test mode."""
        cfg = self.filter_cfg or {}
        if self.test_mode:
            return self.data_list
        return self.require_images([
            info for info in self.data_list
            if min(info['width'], info['height']) >= cfg.get('min_size', 0)
            and (not cfg.get('filter_empty_gt', False) or any(
                not item['ignore_flag'] for item in info['instances']))
        ])
