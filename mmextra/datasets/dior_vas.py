"""DIOR as it is on disk, and its vehicle, airplane and ship images."""
import os.path as osp
import warnings
from functools import cached_property
from typing import List, NamedTuple, Optional, Sequence, Tuple, Union

from mmdet.datasets import XMLDataset
from mmdet.registry import DATASETS

from .annotation_files import (
    voc_box,
    voc_name,
    voc_objects,
    voc_size,
)
from .bad_input import AnnotationError, BadInput, OnError, require_layout
from .class_names import DIOR_ALIASES, DIOR_CLASSES, ClassNames, hint
from .image_files import image_size, index_images
from .reader import (
    ReaderMixin,
    expects_truth,
    match_ids,
    note_resized,
    share,
    tell_resized,
)
from .text_files import read_ids, read_xml

LAYOUT = """DIOR is expected as
  {root}/JPEGImages-trainval/*.jpg  and  {root}/JPEGImages-test/*.jpg
  (or all in {root}/JPEGImages)
  {root}/Annotations/Horizontal Bounding Boxes/*.xml
  {root}/ImageSets/Main/(train|val|test).txt
Unpack the set as its authors distribute it, and name the folder in data_root.
The lists of DIOR-VAS are made by
  python tools/dataset_converters/make_dior_vas.py --dior {root}"""


class DIORObject(NamedTuple):
    """One object.

    Attributes:
        name: Class in lower case.
        bbox: x1, y1, x2, y2 in pixels as printed, counted from 0.
        where: File and number, for messages.
    """
    name: str
    bbox: Tuple[float, float, float, float]
    where: str


class DIORImage(NamedTuple):
    """One file: the size it states, (width, height) or None, and objects."""
    size: Optional[Tuple[int, int]]
    objects: List[DIORObject]


def read_dior_xml(path: str, bad: BadInput) -> DIORImage:
    """Read an annotation file of DIOR.

    Args:
        path (str): The file.
        bad (BadInput): Gets what is wrong with single objects.

    Returns:
        DIORImage: The stated size and the objects; boxes without area,
        of which DIOR has six, are among them.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is not XML, or what ``bad`` raises for an
            object.
    """
    root = read_xml(path)
    objects = []
    for k, element in enumerate(voc_objects(root, path)):
        where = f'{path}, object {k}'
        try:
            objects.append(DIORObject(
                voc_name(element, where).lower(), voc_box(element, where),
                where))
        except AnnotationError as error:
            bad.report(error)
    return DIORImage(voc_size(root), objects)


@DATASETS.register_module()
class DIORVASDataset(ReaderMixin, XMLDataset):
    """Images of DIOR, by default with vehicles, airplanes and ships.

    Differs from ``XMLDataset``: images lie in two folders, spellings of
    DIOR's classes are one (``Expressway-Service-area``, ``train station``),
    corners count from 0, boxes are clipped to the image, and those without
    area dropped. With other ``metainfo['classes']`` it reads any of DIOR's
    20; objects of classes that are not asked for are left out and counted.

    Where none of the image folders exists the annotations are read all the
    same, with a warning, so that statistics and anchors need no images. In
    test mode there need be no annotations at all: the images can be detected
    on, and measure nothing.

    Args:
        ann_file (str): List of ids, for example
            ``'ImageSets/Main/vas_train.txt'``.
        data_prefix (dict): ``sub_data_root`` below ``data_root``.
        img_subdir (str | Sequence[str]): Folder(s) in which an image is
            sought, in this order.
        ann_subdir (str): Folder of annotations.
        on_error (str): ``'raise'``, or ``'skip'`` to leave bad objects and
            images out with one warning that counts them.
        **kwargs: See :class:`mmdet.datasets.XMLDataset`.

    Raises:
        FileNotFoundError: If a folder, the list, an annotation or an image
            is missing.
        ValueError: If an annotation cannot be used; it names file and
            object.
    """

    METAINFO = dict(
        classes=('vehicle', 'airplane', 'ship'),
        palette=[(0, 0, 142), (0, 226, 252), (220, 20, 60)])

    def __init__(self,
                 img_subdir: Union[str, Sequence[str]] = (
                     'JPEGImages-trainval', 'JPEGImages-test', 'JPEGImages'),
                 ann_subdir: str = 'Annotations/Horizontal Bounding Boxes',
                 on_error: OnError = 'raise',
                 **kwargs) -> None:
        self.img_subdirs = ((img_subdir, ) if isinstance(img_subdir, str) else
                            tuple(img_subdir))
        self.bad = BadInput(on_error)
        kwargs.setdefault('data_prefix', dict(sub_data_root=''))
        super().__init__(
            img_subdir=self.img_subdirs[0], ann_subdir=ann_subdir, **kwargs)

    def load_data_list(self) -> List[dict]:
        """Load the annotations of the split, see the class."""
        root = (self.sub_data_root or self.data_root or '.').rstrip('/')
        needed = {
            'data root': root,
            'list of the split (ann_file)': self.ann_file,
            'folder of annotations (ann_subdir)': self._annotations
        }
        if self.test_mode:
            # Images alone can be detected on.
            needed.pop('folder of annotations (ann_subdir)')
        require_layout(needed, LAYOUT.format(root=root))
        self._names = ClassNames(self.metainfo['classes'], DIOR_CLASSES,
                                 DIOR_ALIASES, type(self).__name__)
        self._resized: List[str] = []
        self._folders = [
            folder for folder in (osp.join(self.sub_data_root, name)
                                  for name in self.img_subdirs)
            if osp.isdir(folder)
        ]
        if not self._folders:
            warnings.warn(
                f'{root} has none of the folders of images '
                f'{", ".join(self.img_subdirs)}; only annotations are read',
                stacklevel=2)
        # The first folder that has an image counts.
        self._images = {
            key: path for folder in reversed(self._folders)
            for key, path in index_images(folder).items()}
        entries = match_ids(
            read_ids(self.ann_file), self._images, self.ann_file)
        self._missing = [
            img_id for img_id in entries if img_id not in self._images
        ] if self._folders else []
        self._entries = entries
        self._truth = expects_truth(
            self.test_mode, map(self._xml_path, entries), self.ann_file)
        data_list = []
        for img_id in entries:
            try:
                data_list.append(self._read_image(img_id))
            except (ValueError, FileNotFoundError) as error:
                self.bad.report(error)
        self.bad.summarise(self.ann_file)
        self._names.tell(self.ann_file)
        tell_resized(self.ann_file, self._resized)
        del self._images, self._missing, self._entries, self._resized
        if not data_list:
            raise ValueError(
                f'{self.ann_file}: no image is left in this split. Is the '
                'file empty, or is everything skipped?')
        return data_list

    @property
    def _annotations(self) -> str:
        return osp.join(self.sub_data_root, self.ann_subdir)

    def _xml_path(self, img_id: str) -> str:
        return osp.join(self._annotations, f'{img_id}.xml')

    def _read_image(self, img_id: str) -> dict:
        xml_path = self._xml_path(img_id)
        if not self._truth:
            img_path = self._find_image(img_id)
            width, height = image_size(img_path)
            return dict(img_id=img_id, img_path=img_path, xml_path=xml_path,
                        width=width, height=height, instances=[])
        if not osp.isfile(xml_path):
            raise FileNotFoundError(
                f'{self.ann_file}: annotation {xml_path} is missing. Add it, '
                'or take the id out of the list, or set on_error="skip"' +
                self._share_without_xml)
        annotation = read_dior_xml(xml_path, self.bad)
        img_path = self._find_image(img_id)
        # The image counts; without it the annotation is believed.
        width, height = size = image_size(img_path) if (
            self._folders or not annotation.size) else annotation.size
        note_resized(self._resized, img_path, size, annotation.size)
        instances = []
        for item in annotation.objects:
            try:
                instance = self._instance(item, width, height)
            except AnnotationError as error:
                self.bad.report(error)
                continue
            if instance:
                instances.append(instance)
        return dict(
            img_id=img_id,
            img_path=img_path,
            xml_path=xml_path,
            width=width,
            height=height,
            instances=instances)

    @cached_property
    def _share_without_xml(self) -> str:
        return share([
            img_id for img_id in self._entries if not osp.isfile(
                osp.join(self._annotations, f'{img_id}.xml'))], self._entries)

    def _find_image(self, img_id: str) -> str:
        if img_id in self._images:
            return self._images[img_id]
        if self._folders:
            raise FileNotFoundError(
                f'{self.ann_file}: image {img_id}.jpg is in none of '
                f'{", ".join(self._folders)}. Add it, or take the id out of '
                'the list, or set on_error="skip"' +
                share(self._missing, self._entries))
        return osp.join(self.sub_data_root, self.img_subdirs[0],
                        f'{img_id}.jpg')

    def _instance(self, item: DIORObject, width: int,
                  height: int) -> Optional[dict]:
        label = self._names.label(item.name)
        if label is None:
            if self._names.is_known(item.name):
                return None
            raise AnnotationError(
                item.where, f'unknown class {item.name!r}',
                f'DIOR has {", ".join(DIOR_CLASSES)}; '
                f'{hint([item.name], DIOR_CLASSES)}; name further ones in '
                'metainfo=dict(classes=...), or set on_error="skip"')
        bbox = [
            min(max(value, 0.), float(side))
            for value, side in zip(item.bbox, (width, height) * 2)
        ]
        sides = bbox[2] - bbox[0], bbox[3] - bbox[1]
        if min(sides) <= 0:
            self.bad.leave_out(
                f'{item.where}: the box {list(item.bbox)} has no area in the '
                f'image of {width} x {height} pixels')
            return None
        ignored = (self.bbox_min_size is not None and not self.test_mode
                   and min(sides) < self.bbox_min_size)
        return dict(
            bbox=bbox,
            bbox_label=label,
            ignore_flag=int(ignored))

    def filter_data(self) -> List[dict]:
        """Drop what ``filter_cfg`` says; never in test mode."""
        return self.require_images(super().filter_data())
