"""PASCAL VOC for few-shot detection (section 4.1)."""
import os.path as osp
import re
import warnings
from typing import List, Optional, Sequence

from mmdet.datasets import XMLDataset
from mmdet.registry import DATASETS

from mmextra.utils.class_splits import VOC_SPLITS, resolve_classes

from ..annotation_files import (
    read_ids,
    read_xml,
    voc_box,
    voc_int,
    voc_name,
    voc_objects,
    voc_size,
)
from ..bad_input import AnnotationError
from ..image_files import image_size
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
    list or its path has the year, else below ``data_root`` itself.

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
        super().__init__(*args, **kwargs)

    def load_ann_file(self, path: str) -> List[dict]:
        """The data infos of one list of images.

        Args:
            path (str): The list.

        Returns:
            list[dict]: Data infos, labels by the order of the classes.

        Raises:
            AnnotationError: If an image has no readable annotation.
        """
        lines = read_ids(path)
        only = self._class_of_list(path)
        self._strange = []
        infos = [self._load_image(line, path, only) for line in lines]
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

    def _load_image(self, line: str, path: str,
                    only: Optional[str]) -> dict:
        if '/' in line or line.endswith(('.jpg', '.png')):
            folder = osp.dirname(osp.dirname(line))
            img_id = osp.splitext(osp.basename(line))[0]
            name = line
        else:
            year = re.search(r'VOC(2007|2012)', path)
            folder = year.group(0) if year and osp.isdir(osp.join(
                self.sub_data_root, year.group(0))) else ''
            img_id = line
            name = osp.join(folder, self.img_subdir, f'{line}.jpg')
        img_path = osp.join(self.sub_data_root, name)
        xml_path = osp.join(self.sub_data_root, folder, self.ann_subdir,
                            f'{img_id}.xml')
        try:
            root = read_xml(xml_path)
        except OSError as error:
            raise AnnotationError(
                xml_path, f'cannot be read ({error}), but {path} lists '
                f'{line!r}', 'Check data_root and data_prefix.') from error
        width, height = voc_size(root) or image_size(img_path)
        known = set().union(
            self.metainfo['classes'], *self.class_splits.values())
        instances = []
        for k, item in enumerate(voc_objects(root, xml_path)):
            where = f'{xml_path}, object {k}'
            name, bbox = voc_name(item, where), voc_box(item, where)
            if name in self.metainfo['classes'] and only in (None, name):
                instances.append(self._instance(
                    name, bbox, voc_int(item, 'difficult', where)))
            elif name not in known:
                self._strange.append(f'{where}: {name!r}')
        # The years have no id in common.
        return dict(
            img_id=img_id,
            img_path=img_path,
            xml_path=xml_path,
            width=width,
            height=height,
            instances=instances)

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
