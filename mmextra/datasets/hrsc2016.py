"""HRSC2016 as it is on disk."""
import os.path as osp
import warnings
from collections import Counter
from typing import List, Optional, Tuple

import numpy as np
import torch
from mmengine.logging import print_log
from mmrotate.datasets import HRSCDataset
from mmrotate.registry import DATASETS
from mmrotate.structures.bbox import rbox2qbox

from .bad_input import (
    AnnotationError,
    BadInput,
    OnError,
    box_problem,
    require_layout,
)
from .class_names import class_tuple, fold, hint
from .hrsc_xml import REMEDY, HRSCObject, read_hrsc_xml
from .image_files import EXTENSIONS, image_size, index_images
from .reader import (
    ReaderMixin,
    expects_truth,
    match_ids,
    note_resized,
    share,
    tell_resized,
)
from .text_files import read_ids, temporary_copy

LAYOUT = """HRSC2016 is expected as
  {root}/FullDataSet/AllImages/*.bmp  (or .png, .jpg, .tif)
  {root}/FullDataSet/Annotations/*.xml
  {root}/ImageSets/(train|val|trainval|test).txt
Unpack the set as its authors distribute it, and name the folder in data_root;
or for a trial make one:  python tools/make_synthetic.py harbour {root}"""


@DATASETS.register_module()
class HRSC2016Dataset(ReaderMixin, HRSCDataset):
    """HRSC2016, with the reading of mmrotate's class put right.

    The height comes from the image (mmrotate: from the tag of the width),
    the header of the image is read for it but nothing is decoded, and a
    file that is no image is told by name at loading; images may be of any
    common kind; ``header_x`` and ``header_y`` may be missing or fractions;
    a class without label is told by name; difficult ships become ignored
    ones.

    Boxes are quadrilaterals (eight pixel coordinates, continuous, y down);
    load them with ``LoadAnnotations(box_type='qbox')``. Files are read from
    the local disk. In test mode there need be no annotations at all: the
    images can be detected on, and measure nothing.

    Args:
        ignore_difficult (bool): Give ships marked difficult
            ``ignore_flag=1``: no positive and no negative in training,
            neither hit nor miss in the metrics.
        on_error (str): ``'raise'``, or ``'skip'`` to leave bad objects and
            images out with one warning that counts them.
        **kwargs: See :class:`mmrotate.datasets.HRSCDataset`;
            ``classwise=True`` gives the 31 classes, or those of
            ``metainfo['classes']``, whose spelling may differ in case and
            separators; the codes of others go into
            ``metainfo['classes_id']``. Ships of the 31 that are not asked
            for are left out and counted.

    Raises:
        FileNotFoundError: If a folder, the list of a split or an image is
            missing; the text shows the layout and how to make it.
        ValueError: If an annotation or an image cannot be used; it names
            file, object and key.
    """

    def __init__(self,
                 *args,
                 ignore_difficult: bool = True,
                 on_error: OnError = 'raise',
                 **kwargs) -> None:
        self.ignore_difficult = ignore_difficult
        self.bad = BadInput(on_error)
        if kwargs.get('data_root'):
            kwargs.setdefault('data_prefix',
                              dict(sub_data_root='FullDataSet/'))
        metainfo = kwargs.get('metainfo') or {}
        if metainfo.get('classes') is not None:
            kwargs['metainfo'] = self._with_codes(
                metainfo, kwargs.get('classwise', False))
        super().__init__(*args, **kwargs)

    @classmethod
    def _with_codes(cls, metainfo: dict, classwise: bool) -> dict:
        """The codes of classes that are given by name.

        Raises:
            ValueError: If a name is none of the 31.
        """
        classes = class_tuple(metainfo['classes'], cls.__name__)
        if not classwise:
            if tuple(map(fold, classes)) != ('ship', ):
                warnings.warn(
                    f'{cls.__name__}: with classwise=False all objects are '
                    f'"ship"; metainfo.classes {classes} is not used',
                    stacklevel=3)
            return metainfo
        if 'classes_id' in metainfo:
            if len(metainfo['classes_id']) != len(classes):
                raise ValueError(
                    f'{cls.__name__}: {len(classes)} classes and '
                    f'{len(metainfo["classes_id"])} classes_id; each class '
                    'needs one')
            return metainfo
        legal = cls.METAINFO['classes']
        codes = {fold(name): code for name, code in zip(
            legal, cls.METAINFO['classes_id'])}
        strange = [name for name in classes if fold(name) not in codes]
        if strange:
            raise ValueError(
                f'{cls.__name__}: classes {strange} are none of HRSC2016; '
                f'{hint(strange, legal)}. Codes of others go into '
                'metainfo.classes_id')
        return dict(metainfo, classes_id=tuple(
            codes[fold(name)] for name in classes))

    def load_data_list(self) -> List[dict]:
        """Load the annotations of the split, see the class."""
        root = self.data_root or osp.dirname(osp.dirname(self.ann_file))
        images = osp.join(self.sub_data_root, self.img_subdir)
        needed = {
            'data root': root or '.',
            'list of the split (ann_file)': self.ann_file,
            'folder of images (data_prefix, img_subdir)': images,
            'folder of annotations (data_prefix, ann_subdir)':
            osp.join(self.sub_data_root, self.ann_subdir)
        }
        if self.test_mode:
            # Images alone can be detected on.
            needed.pop('folder of annotations (data_prefix, ann_subdir)')
        require_layout(needed,
                       LAYOUT.format(root=(root or '.').rstrip('/')))
        self._images = index_images(images)
        self._resized: List[str] = []
        self._others: Counter = Counter()
        entries = match_ids(
            read_ids(self.ann_file), self._images, self.ann_file)
        self._truth = expects_truth(
            self.test_mode, map(self._xml_path, entries), self.ann_file)
        self._share = share(
            [each for each in entries if each not in self._images], entries)
        # The base class opens the list by itself, and knows no other text
        # than UTF-8 without mark.
        source = self.ann_file
        with temporary_copy('\n'.join(entries)) as self.ann_file:
            try:
                self._source = source
                data_list = [info for info in super().load_data_list() if info]
            finally:
                self.ann_file = source
        self.bad.summarise(self.ann_file)
        tell_resized(self.ann_file, self._resized)
        if self._others:
            print_log(
                f'{self.ann_file}: left out {sum(self._others.values())} '
                'ships of classes that metainfo.classes does not name: ' +
                ', '.join(f'{k} {name}' for name, k in
                          self._others.most_common(20)), logger='current')
        if not data_list:
            raise ValueError(
                f'{self.ann_file}: no image is left in this split. Is the '
                'file empty, or is everything skipped?')
        del self._images, self._resized, self._others
        return data_list

    def parse_data_info(self, img_info: dict) -> Optional[dict]:
        """Read one image's annotation.

        Args:
            img_info (dict): ``img_id`` and ``xml_path`` of the image.

        Returns:
            dict or None: The image; None if it is skipped or has no id.
        """
        img_id = img_info['img_id'].strip()
        if not img_id:
            return None
        try:
            return self._read_image(img_id)
        except (ValueError, FileNotFoundError) as error:
            self.bad.report(error)
            return None

    def _xml_path(self, img_id: str) -> str:
        return osp.join(self.sub_data_root, self.ann_subdir, f'{img_id}.xml')

    def _read_image(self, img_id: str) -> dict:
        xml_path = self._xml_path(img_id)
        img_path = self._images.get(img_id)
        if img_path is None:
            folder = osp.join(self.sub_data_root, self.img_subdir)
            raise FileNotFoundError(
                f'{self._source}: image {img_id} is not in {folder} with '
                f'any extension of {", ".join(EXTENSIONS)}. Add it, or take '
                f'the id out of the list.{self._share}')
        if not self._truth:
            width, height = image_size(img_path)
            return dict(img_path=img_path, img_id=img_id, xml_path=xml_path,
                        height=height, width=width, instances=[])
        if not osp.isfile(xml_path):
            raise FileNotFoundError(
                f'{self._source}: image {img_id} has no annotation '
                f'{xml_path}. Add it, or take the id out of the list.')
        annotation = read_hrsc_xml(xml_path, self.bad)
        width, height = self._size(img_path, annotation.size)
        instances = []
        for item in annotation.objects:
            try:
                instance = self._instance(item, width, height)
                if instance:
                    instances.append(instance)
            except AnnotationError as error:
                self.bad.report(error)
        return dict(
            img_path=img_path,
            img_id=img_id,
            xml_path=xml_path,
            height=height,
            width=width,
            instances=instances)

    def _size(self, img_path: str,
              stated: Optional[Tuple[int, int]]) -> Tuple[int, int]:
        size = image_size(img_path)
        note_resized(self._resized, img_path, size, stated)
        return size

    def _instance(self, item: HRSCObject, width: int,
                  height: int) -> Optional[dict]:
        label = 0
        if self.classwise:
            if item.class_id not in self.catid2label:
                code = (item.class_id or '')[-2:]
                if item.class_id == f'1000000{code}' and (
                        code in self.METAINFO['classes_id']):
                    place = self.METAINFO['classes_id'].index(code)
                    self._others[self.METAINFO['classes'][place]] += 1
                    return None
                raise AnnotationError(
                    item.where,
                    f'<Class_ID> {item.class_id!r} is not a known class',
                    f'Known are {", ".join(self.catid2label)}; add it to '
                    'metainfo (classes, classes_id), use classwise=False, or '
                    'set on_error="skip"')
            label = self.catid2label[item.class_id]
        quad = rbox2qbox(torch.from_numpy(item.rbox)).numpy()
        problem = box_problem(quad, width, height)
        if problem:
            raise AnnotationError(item.where, problem, REMEDY)
        ignored = self.ignore_difficult and item.difficult
        if self.bbox_min_size is not None and not self.test_mode:
            ignored = ignored or min(item.rbox[2:4]) < self.bbox_min_size
        instance = dict(
            bbox=quad.astype(np.float32).tolist(),
            bbox_label=label,
            ignore_flag=int(ignored))
        if item.head is not None:
            instance['head'] = list(item.head)
        return instance

    def filter_data(self) -> List[dict]:
        """Drop what ``filter_cfg`` says; never in test mode."""
        return self.require_images(super().filter_data())
