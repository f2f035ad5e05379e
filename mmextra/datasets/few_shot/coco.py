"""COCO for few-shot detection (section 4.1)."""
import re
from typing import List, Literal, Optional

from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS

from mmextra.utils.checks import check_choice
from mmextra.utils.class_splits import COCO_SPLITS

from ..bad_input import AnnotationError
from ..class_names import hint
from ..coco_json import (
    coco_index,
    read_coco,
    tell_left_out,
    tell_other_classes,
)
from ..reader import tell_other_sizes
from .base import FewShotMixin
from .settings import expand_ann_cfg, shot_files

PrefixStyle = Literal['auto', 'none']


def image_folder(file_name: str, ann_file: str) -> str:
    """The folder below the image root where COCO keeps an image.

    Args:
        file_name (str): As the annotation file has it, for example
            ``'COCO_train2014_000000000009.jpg'``.
        ann_file (str): The annotation file, for example
            ``'instances_val2017.json'``.

    Returns:
        str: ``'train2014/'``, ``'val2017/'``, ...; empty if neither tells or
        the name has a folder already.
    """
    if '/' in file_name:
        return ''
    year_2014 = re.match(r'COCO_(train|val)2014_', file_name)
    year_2017 = re.search(r'instances_(train|val)2017', ann_file)
    found = year_2014 or year_2017
    if not found:
        return ''
    return f'{found.group(1)}{"2014" if year_2014 else "2017"}/'


@DATASETS.register_module()
class FewShotCocoDataset(FewShotMixin, CocoDataset):
    """COCO, or data in its format, with few-shot settings.

    Labels follow the order of ``classes``; mmdet's own dataset follows that
    of the categories in the file. Splits are ``ALL_CLASSES``,
    ``NOVEL_CLASSES`` (the 20 of VOC) and ``BASE_CLASSES`` (the other 60).

    Args:
        img_prefix_style (str): ``'auto'`` finds the folders of COCO's years,
            see :func:`image_folder`; ``'none'`` takes file names as they
            are.
        kwargs: See :class:`FewShotMixin` and mmdet's ``CocoDataset``.

    Raises:
        ValueError: If settings are illegal or contradict each other.
        AnnotationError: If a file or a class is missing.
    """

    CLASS_SPLITS = COCO_SPLITS

    def __init__(self,
                 *args,
                 img_prefix_style: PrefixStyle = 'auto',
                 data_prefix: dict = dict(img=''),
                 **kwargs) -> None:
        check_choice('img_prefix_style', img_prefix_style, PrefixStyle)
        self.img_prefix_style = img_prefix_style
        super().__init__(*args, data_prefix=data_prefix, **kwargs)

    def load_data_list(self) -> List[dict]:
        """See :meth:`FewShotMixin.load_data_list`."""
        self._cat_ids, self._categories = {}, set()
        infos = super().load_data_list()
        saved = any(kind == 'saved_dataset' for kind, _ in self.ann_files)
        missing = [name for name in self.metainfo['classes']
                   if name not in self._cat_ids]
        if missing and not saved:
            raise AnnotationError(
                ', '.join(path for _, path in self.ann_files),
                f'there is no category {missing}; there are '
                f'{sorted(self._categories)}',
                f'{hint(missing, sorted(self._categories))}. Name the '
                f'classes of {self.dataset_name} as the files do.')
        return infos

    def load_ann_file(self, path: str) -> List[dict]:
        """The data infos of one file in COCO's format.

        Args:
            path (str): The file.

        Returns:
            list[dict]: Data infos, labels by the order of the classes.

        Raises:
            AnnotationError: If the file is not as it must be, see
                :func:`~..coco_json.read_coco`, or gives a category another
                id than the files before.
        """
        content = read_coco(path, images_alone=self.test_mode)
        tell_other_classes(content, self.metainfo['classes'], path)
        coco = coco_index(content)
        ids = {cat['name']: cat['id'] for cat in coco.cats.values()}
        for name in self.metainfo['classes']:
            if name not in ids:
                continue
            if self._cat_ids.setdefault(name, ids[name]) != ids[name]:
                raise AnnotationError(
                    path, f'category {name!r} has id {ids[name]}, but '
                    f'{self._cat_ids[name]} in a file before',
                    'Files of one dataset must agree.')
        self._categories.update(ids)
        self.cat2label = {
            ids[name]: label
            for label, name in enumerate(self.metainfo['classes'])
            if name in ids
        }
        self.cat_ids = list(self.cat2label)
        infos, left_out, ignored = [], 0, 0
        for img_id in coco.get_img_ids():
            image = dict(coco.load_imgs([img_id])[0], img_id=img_id)
            if self.img_prefix_style == 'auto':
                image['file_name'] = image_folder(
                    image['file_name'], path) + image['file_name']
            asked = [
                ann for ann in coco.load_anns(
                    coco.get_ann_ids(img_ids=[img_id]))
                if ann['category_id'] in self.cat2label
            ]
            anns = [ann for ann in asked if not ann.get('ignore', False)]
            ignored += len(asked) - len(anns)
            infos.append(self.parse_data_info(
                dict(raw_img_info=image, raw_ann_info=anns)))
            left_out += len(anns) - len(infos[-1]['instances'])
        tell_left_out(path, left_out, ignored)
        tell_other_sizes(infos, path)
        return infos


# Files of the usual protocols, relative to ann_root.
_SHOT_FILE = 'full_box_{shots}shot_{name}_trainval.json'
_OFFICIAL = ('attention_rpn_10shot/'
             'official_10_shot_from_instances_train2017.json')
TFA_SHOTS = (1, 2, 3, 5, 10, 30)


def default_ann_cfg(method: str, setting: str, seed: int = 0,
                    novel_only: bool = True) -> List[dict]:
    """The annotation files of a published setting.

    Args:
        method (str): ``'GCN_FSOD'``, ``'Attention_RPN'`` or ``'TFA'``.
        setting (str): ``'10SHOT'`` and so on, or ``'Official_10SHOT'``.
        seed (int): Which choice of shots.
        novel_only (bool): Files of the novel classes only.

    Returns:
        list[dict]: For ``ann_cfg``.

    Raises:
        ValueError: If there is no such setting.
    """
    methods = ('GCN_FSOD', 'Attention_RPN', 'TFA')
    shots = re.fullmatch(r'(\d+)SHOT', setting)
    official = setting == 'Official_10SHOT' and method != 'TFA'
    known = shots and int(shots.group(1)) in TFA_SHOTS
    if method not in methods or not (official or known):
        raise ValueError(
            f'method={method!r}, setting={setting!r} is not known; methods '
            f'are {methods}, settings {[f"{k}SHOT" for k in TFA_SHOTS]} and, '
            'but for TFA, "Official_10SHOT"')
    if official:
        if seed:
            raise ValueError('Official_10SHOT has one choice of shots, seed '
                             f'0; got seed={seed}')
        return [dict(type='ann_file', ann_file=_OFFICIAL)]
    names = COCO_SPLITS['NOVEL_CLASSES' if novel_only else 'ALL_CLASSES']
    return shot_files(_SHOT_FILE, shots.group(1), names, seed)


@DATASETS.register_module()
class FewShotCocoDefaultDataset(FewShotCocoDataset):
    """:class:`FewShotCocoDataset` with the files of published settings.

    Args:
        ann_cfg (list[dict]): ``dict(method='GCN_FSOD', setting='10SHOT',
            seed=0)``, see :func:`default_ann_cfg`; other entries are left as
            they are.
        ann_root (str): Root of those files.
        kwargs: See :class:`FewShotCocoDataset`.

    Raises:
        ValueError: If a setting is not known.
    """

    def __init__(self,
                 *args,
                 ann_cfg: List[dict],
                 ann_root: Optional[str] = 'data/few_shot_ann/coco',
                 classes: str = 'NOVEL_CLASSES',
                 **kwargs) -> None:
        expanded = expand_ann_cfg(
            ann_cfg, lambda entry: default_ann_cfg(
                entry['method'], entry['setting'], entry.get('seed', 0),
                novel_only=classes == 'NOVEL_CLASSES'))
        super().__init__(
            *args, ann_cfg=expanded, ann_root=ann_root, classes=classes,
            **kwargs)
