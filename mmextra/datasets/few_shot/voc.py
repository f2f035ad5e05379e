"""PASCAL VOC for few-shot detection (section 4.1)."""
import os.path as osp
import re
import warnings
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from mmdet.datasets import XMLDataset
from mmdet.registry import DATASETS

from mmextra.utils.class_splits import VOC_SPLITS, resolve_classes

from ..annotation_files import (
    voc_box,
    voc_int,
    voc_name,
    voc_objects,
    voc_size,
)
from ..bad_input import AnnotationError
from ..class_names import ClassNames
from ..image_files import image_size, index_images
from ..reader import expects_truth, tell_other_sizes
from ..text_files import read_ids, read_xml, stem_of
from .base import FewShotMixin
from .settings import expand_ann_cfg, shot_files


@DATASETS.register_module()
class FewShotVOCDataset(FewShotMixin, XMLDataset):
    """PASCAL VOC, or data in its format, with few-shot settings.

    Splits are ``BASE_CLASSES_SPLIT1`` and so on up to split 3; the base
    classes come first in ``ALL_CLASSES_SPLIT1``.

    A list of images has one per line, as id or as path, for example
    ``000005`` or ``VOC2012/JPEGImages/2008_006761.jpg``. An id is looked for
    in ``img_subdir`` below ``VOC2007`` or ``VOC2012`` where the name of the
    list or its path has the year, else below ``data_root`` itself. A path
    that is not there loses its first folders until it is
    (``datasets/VOC2012/JPEGImages/...`` of TFA). Where there is no image of
    that extension one of another is taken. In a list of VOC for one class
    the second column is passed over. In test mode there need be no
    annotations at all: the images can be detected on, and measure nothing.

    Not in the paper: it evaluates on COCO only.

    Args:
        coordinate_offset (Sequence[int]): Added to x1, y1, x2, y2 of the
            files in training; the files count pixels from 1. In testing the
            boxes stay as they are, and ``FewShotVOCMetric`` moves the
            predictions.
        use_difficult (bool): Train with objects marked difficult too.
        kwargs: See :class:`FewShotMixin` and mmdet's ``XMLDataset``.

    Raises:
        ValueError: If settings are illegal or contradict each other.
        AnnotationError: If a file or a class is missing.
    """

    CLASS_SPLITS = VOC_SPLITS
    IGNORED = 'marked difficult (use_difficult=True takes them in training)'
    # mmdet knows classes of VOC in an order of its own.
    METAINFO = dict(dataset_type=None)

    def __init__(self,
                 *args,
                 coordinate_offset: Sequence[int] = (-1, -1, 0, 0),
                 use_difficult: bool = False,
                 **kwargs) -> None:
        if len(coordinate_offset) != 4:
            raise ValueError('coordinate_offset must be four numbers, got '
                             f'{tuple(coordinate_offset)}')
        self.coordinate_offset = tuple(coordinate_offset)
        self.use_difficult = use_difficult
        kwargs.setdefault('data_prefix', dict(sub_data_root=''))
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> List[dict]:
        """See :meth:`FewShotMixin.load_data_list`; tells classes that no
        object has."""
        known = sorted(set().union(*self.class_splits.values()))
        self._known = {*known, *self.metainfo['classes']}
        self._names = ClassNames(self.metainfo['classes'], known,
                                 owner=self.dataset_name)
        infos = super().load_data_list()
        if any(kind == 'ann_file' for kind, _ in self.ann_files):
            self._names.tell(', '.join(path for _, path in self.ann_files))
        return infos

    def load_ann_file(self, path: str) -> List[dict]:
        """The data infos of one list of images.

        Args:
            path (str): The list.

        Returns:
            list[dict]: Data infos, labels by the order of the classes.

        Raises:
            AnnotationError: If an image has no readable annotation.
        """
        lines = [re.sub(r'\s+(-1|0|1)$', '', line)
                 for line in read_ids(path)]
        only = self._class_of_list(path)
        self._strange = []
        self._by_folder: Dict[str, Dict[str, str]] = {}
        self._truth = expects_truth(
            self.test_mode, (xml for line in lines for _, xml in
                             self._places(line, path)), path)
        infos = [self._load_image(line, path, only, lines) for line in lines]
        tell_other_sizes(infos, path)
        if self._strange:
            warnings.warn(
                f'{path}: left out {len(self._strange)} objects of classes '
                f'that are in no split; the first: {self._strange[0]}',
                stacklevel=2)
        return infos

    def _class_of_list(self, path: str) -> Optional[str]:
        """K-shot lists are of one class and count its boxes only."""
        found = re.search(r'box_\d+shot_(.+)_train', osp.basename(path))
        if found and found.group(1) in self.metainfo['classes']:
            return found.group(1)
        return None

    def _places(self, line: str, path: str) -> Iterator[Tuple[str, str]]:
        """Where image and annotation of an entry may be, best first."""
        if '/' in line or line.endswith(('.jpg', '.png')):
            parts = line.split('/')
            names = ('/'.join(parts[k:])
                     for k in range(max(len(parts) - 1, 1)))
        else:
            year = re.search(r'VOC(2007|2012)', path)
            folder = year.group(0) if year and osp.isdir(osp.join(
                self.sub_data_root, year.group(0))) else ''
            names = [osp.join(folder, self.img_subdir, f'{line}.jpg')]
        root = self.sub_data_root
        for name in names:
            yield osp.join(root, name), osp.join(
                root, osp.dirname(osp.dirname(name)), self.ann_subdir,
                osp.splitext(osp.basename(name))[0] + '.xml')

    def _load_image(self, line: str, path: str, only: Optional[str],
                    lines: Sequence[str]) -> dict:
        if not self._truth:
            return self._image_alone(line, path)
        first = reason = None
        for place in self._places(line, path):
            img_path, xml_path = place
            first = first or xml_path
            try:
                root = read_xml(xml_path)
                break
            except OSError as error:
                reason = reason or error
        else:
            missing = sum(
                not any(osp.isfile(xml) for _, xml in self._places(
                    each, path)) for each in lines)
            raise AnnotationError(
                first, f'cannot be read ({reason}), but {path} lists '
                f'{line!r}; so it is with {missing} of its {len(lines)} '
                'entries', 'Check data_root and data_prefix; the path in the '
                'list counts from there.') from reason
        img_id = osp.splitext(osp.basename(xml_path))[0]
        img_path = self._existing(img_path)
        width, height = voc_size(root) or image_size(img_path)
        instances = []
        for k, item in enumerate(voc_objects(root, xml_path)):
            where = f'{xml_path}, object {k}'
            name, bbox = voc_name(item, where), voc_box(item, where)
            if name in self.metainfo['classes'] and only in (None, name):
                instances.append(self._instance(
                    name, bbox, voc_int(item, 'difficult', where)))
            elif name not in self._known:
                self._strange.append(f'{where}: {name!r}')
                continue
            self._names.label(name)
        # The years have no id in common.
        return dict(
            img_id=img_id,
            img_path=img_path,
            xml_path=xml_path,
            width=width,
            height=height,
            instances=instances)

    def _existing(self, img_path: str) -> str:
        """The image, or one of its name with another extension."""
        if osp.isfile(img_path):
            return img_path
        folder = osp.dirname(img_path)
        if folder not in self._by_folder:
            self._by_folder[folder] = index_images(folder) if osp.isdir(
                folder) else {}
        return self._by_folder[folder].get(stem_of(img_path), img_path)

    def _image_alone(self, line: str, path: str) -> dict:
        """An image of a test without annotations."""
        places = [(self._existing(img), xml)
                  for img, xml in self._places(line, path)]
        for img_path, xml_path in places:
            if osp.isfile(img_path):
                width, height = image_size(img_path)
                return dict(
                    img_id=stem_of(img_path), img_path=img_path,
                    xml_path=xml_path, width=width, height=height,
                    instances=[])
        raise AnnotationError(
            places[0][0], f'is neither there nor annotated, but {path} lists '
            f'{line!r}', 'Check data_root and data_prefix; the path in the '
            'list counts from there.')

    def _instance(self, name: str, bbox: Sequence[float],
                  difficult: int) -> dict:
        offset = (0, ) * 4 if self.test_mode else self.coordinate_offset
        # Difficult ones never count in the test.
        ignored = difficult and (self.test_mode or not self.use_difficult)
        return dict(
            bbox=[x + d for x, d in zip(bbox, offset)],
            bbox_label=self.metainfo['classes'].index(name),
            ignore_flag=int(bool(ignored)))


_SHOT_FILE = 'box_{shots}shot_{name}_train.txt'


def default_voc_ann_cfg(setting: str, kind: str = 'NOVEL',
                        seed: int = 0) -> List[dict]:
    """The lists of a published K-shot setting.

    Args:
        setting (str): For example ``'SPLIT1_5SHOT'``.
        kind (str): ``'NOVEL'``, ``'BASE'`` or ``'ALL'``: of which classes.
        seed (int): Which choice of shots.

    Returns:
        list[dict]: For ``ann_cfg``.

    Raises:
        ValueError: If there is no such setting.
    """
    found = re.fullmatch(r'SPLIT([123])_(1|2|3|5|10)SHOT', setting)
    if not found:
        raise ValueError(f'setting={setting!r} is not known; settings are '
                         'SPLIT{1,2,3}_{1,2,3,5,10}SHOT')
    names = resolve_classes(f'{kind}_CLASSES_SPLIT{found.group(1)}',
                            VOC_SPLITS, 'default_voc_ann_cfg')
    return shot_files(_SHOT_FILE, found.group(2), names, seed)


@DATASETS.register_module()
class FewShotVOCDefaultDataset(FewShotVOCDataset):
    """:class:`FewShotVOCDataset` with the lists of published settings.

    Args:
        ann_cfg (list[dict]): ``dict(method='GCN_FSOD',
            setting='SPLIT1_5SHOT', seed=0)``; other entries are left as they
            are.
        ann_root (str): Root of those files.
        kwargs: See :class:`FewShotVOCDataset`.

    Raises:
        ValueError: If a setting is not known.
    """

    def __init__(self,
                 *args,
                 ann_cfg: List[dict],
                 ann_root: Optional[str] = 'data/few_shot_ann/voc',
                 classes: Optional[str] = None,
                 **kwargs) -> None:
        settings = [e['setting'] for e in ann_cfg if 'method' in e]
        if settings and not classes:
            classes = f'NOVEL_CLASSES_{settings[0].partition("_")[0]}'
        expanded = expand_ann_cfg(
            ann_cfg, lambda entry: default_voc_ann_cfg(
                entry['setting'], classes.partition('_')[0],
                entry.get('seed', 0)))
        super().__init__(
            *args, ann_cfg=expanded, ann_root=ann_root, classes=classes,
            **kwargs)
