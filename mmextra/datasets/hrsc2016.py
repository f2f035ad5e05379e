"""HRSC2016 as it is on disk."""
import os.path as osp
import warnings
from typing import List, Optional, Tuple

import numpy as np
import torch
from mmrotate.datasets import HRSCDataset
from mmrotate.registry import DATASETS
from mmrotate.structures.bbox import rbox2qbox

from .annotation_files import read_lines
from .bad_input import (
    AnnotationError,
    BadInput,
    OnError,
    box_problem,
    require_layout,
)
from .hrsc_xml import REMEDY, HRSCObject, read_hrsc_xml
from .image_files import EXTENSIONS, image_size, index_images

LAYOUT = """HRSC2016 is expected as
  {root}/FullDataSet/AllImages/*.bmp  (or .png, .jpg, .tif)
  {root}/FullDataSet/Annotations/*.xml
  {root}/ImageSets/(train|val|trainval|test).txt
Unpack the set as its authors distribute it, and name the folder in data_root;
or for a trial make one:  python tools/make_synthetic.py harbour {root}"""


@DATASETS.register_module()
class HRSC2016Dataset(HRSCDataset):
    """HRSC2016, with the reading of mmrotate's class put right.

    The height comes from the image (mmrotate: from the tag of the width),
    the header of the image is read for it but nothing is decoded, and a
    file that is no image is told by name at loading; images may be of any
    common kind; ``header_x`` and ``header_y`` may be missing or fractions;
    a class without label is told by name; difficult ships become ignored
    ones.

    Boxes are quadrilaterals (eight pixel coordinates, continuous, y down);
    load them with ``LoadAnnotations(box_type='qbox')``. Files are read from
    the local disk.

    Args:
        ignore_difficult (bool): Give ships marked difficult
            ``ignore_flag=1``: no positive and no negative in training,
            neither hit nor miss in the metrics.
        on_error (str): ``'raise'``, or ``'skip'`` to leave bad objects and
            images out with one warning that counts them.
        **kwargs: See :class:`mmrotate.datasets.HRSCDataset`;
            ``classwise=True`` gives the 31 classes, or those of
            ``metainfo['classes']`` and ``metainfo['classes_id']``.

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
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> List[dict]:
        """Load the annotations of the split, see the class."""
        root = self.data_root or osp.dirname(osp.dirname(self.ann_file))
        images = osp.join(self.sub_data_root, self.img_subdir)
        require_layout(
            {
                'data root': root or '.',
                'list of the split (ann_file)': self.ann_file,
                'folder of images (data_prefix, img_subdir)': images,
                'folder of annotations (data_prefix, ann_subdir)':
                osp.join(self.sub_data_root, self.ann_subdir)
            }, LAYOUT.format(root=(root or '.').rstrip('/')))
        self._images = index_images(images)
        self._resized: List[str] = []
        # The base class fails on what is no text without naming the file.
        read_lines(self.ann_file)
        data_list = [info for info in super().load_data_list() if info]
        self.bad.summarise(self.ann_file)
        if self._resized:
            warnings.warn(
                f'{self.ann_file}: {len(self._resized)} images have another '
                'size than their annotation says; the size of the image '
                f'counts. The first: {self._resized[0]}', stacklevel=2)
        if not data_list:
            raise ValueError(
                f'{self.ann_file}: no image is left in this split. Is the '
                'file empty, or is everything skipped?')
        del self._images, self._resized
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
        xml_path = osp.join(self.sub_data_root, self.ann_subdir,
                            f'{img_id}.xml')
        try:
            return self._read_image(img_id, xml_path)
        except (ValueError, FileNotFoundError) as error:
            self.bad.report(error)
            return None

    def _read_image(self, img_id: str, xml_path: str) -> dict:
        img_path = self._images.get(img_id)
        if img_path is None:
            folder = osp.join(self.sub_data_root, self.img_subdir)
            raise FileNotFoundError(
                f'{self.ann_file}: image {img_id} is not in {folder} with '
                f'any extension of {", ".join(EXTENSIONS)}. Add it, or take '
                'the id out of the list.')
        if not osp.isfile(xml_path):
            raise FileNotFoundError(
                f'{self.ann_file}: image {img_id} has no annotation '
                f'{xml_path}. Add it, or take the id out of the list.')
        annotation = read_hrsc_xml(xml_path, self.bad)
        width, height = self._size(img_path, annotation.size)
        instances = []
        for item in annotation.objects:
            try:
                instances.append(self._instance(item, width, height))
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
        if stated and stated != size:
            self._resized.append(
                f'{img_path} is {size[0]} x {size[1]}, annotated as '
                f'{stated[0]} x {stated[1]}')
        return size

    def _instance(self, item: HRSCObject, width: int, height: int) -> dict:
        label = 0
        if self.classwise:
            if item.class_id not in self.catid2label:
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
