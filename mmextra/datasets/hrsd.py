"""HRSD, the ship data set of the LARSD paper."""
import os
import os.path as osp
import re
import warnings
from typing import Dict, List, Literal, Optional

from mmengine.dataset import BaseDataset
from mmrotate.registry import DATASETS

from mmextra.structures import parse_dota_line
from mmextra.utils.checks import check_choice

from .bad_input import (
    AnnotationError,
    BadInput,
    OnError,
    box_problem,
    require_layout,
)
from .class_names import DOTA_ALIASES, DOTA_CLASSES, ClassNames, hint
from .image_files import EXTENSIONS, image_size, index_images, is_stranger
from .reader import ReaderMixin, expects_truth, match_ids, share
from .text_files import read_ids, read_lines

REMEDY = 'Correct or remove the line, or set on_error="skip"'
FORM = 'x1 y1 x2 y2 x3 y3 x4 y4 class [difficulty]'

# Images and ships per split (Section IV-A). They add up to 2497 and 9266,
# while the paper's totals are 2499 and 9269.
PaperSplit = Literal['train', 'val', 'test']
PAPER_SPLITS = dict(train=(1249, 4431), val=(424, 1712), test=(824, 3123))

LAYOUT = """HRSD is not public; bring the images in this layout:
  {root}/{images}/<id>.(png|jpg|tif|bmp)
  {root}/{labels}/<id>.txt   lines: x1 y1 x2 y2 x3 y3 x4 y4 ship difficulty
  {root}/ImageSets/(train|val|test).txt   one id per line
tools/dataset_converters/convert_hrsd.py makes it of other formats, and
tools/dataset_converters/tile_images.py cuts large images. For a trial:
  python tools/make_synthetic.py harbour data/synthetic_harbour
  python tools/dataset_converters/convert_hrsd.py --from hrsc_xml \
data/synthetic_harbour {source}"""
TILING = """
  python tools/dataset_converters/tile_images.py {source} {root}"""


def layout_help(root: str, images: str, labels: str) -> str:
    """How a data set must lie on disk, and how to make a trial one.

    Args:
        root (str): Its folder; ``<name>_<size>`` is taken for the tiles of
            ``<name>``.
        images (str): Folder of images below the root.
        labels (str): Folder of text files below the root.

    Returns:
        str: The text.
    """
    source = re.sub(r'_\d+$', '', root)
    text = LAYOUT + (TILING if source != root else '')
    return text.format(
        root=root, images=images, labels=labels, source=source)


@DATASETS.register_module()
class HRSDDataset(ReaderMixin, BaseDataset):
    """HRSD (Section IV-A of the LARSD paper) in DOTA's text format.

    The set is not public and its format not described; images may be of any
    common kind, their sizes are read from their headers. An image without
    text file has no ships. Images are sorted by id. Spellings of DOTA's
    classes (``large vehicle``, ``Large_Vehicle``) are one.

    Boxes are quadrilaterals (eight pixel coordinates, continuous, y down);
    load them with ``LoadAnnotations(box_type='qbox')``.

    Args:
        ann_file (str): List of ids, for example ``'ImageSets/train.txt'``.
            Without it all images of the folder are taken.
        img_subdir (str): Folder of images below ``data_root``.
        ann_subdir (str): Folder of text files below ``data_root``.
        diff_thr (int): Objects of greater difficulty get
            ``ignore_flag=1``.
        paper_split (str, optional): ``'train'``, ``'val'`` or ``'test'``:
            warn if the numbers of images and ships are not the paper's.
        on_error (str): ``'raise'``, or ``'skip'`` to leave bad objects and
            images out with one warning that counts them.
        **kwargs: See :class:`mmengine.dataset.BaseDataset`; the classes are
            those of ``metainfo['classes']``.

    Raises:
        FileNotFoundError: If a folder, the list of ids or an image is
            missing; the text shows the layout and how to make it.
        ValueError: If an annotation or an image cannot be used; it names
            file and line.
    """

    METAINFO = dict(classes=('ship', ), palette=[(220, 20, 60)])

    def __init__(self,
                 ann_file: str = '',
                 img_subdir: str = 'images',
                 ann_subdir: str = 'labelTxt',
                 diff_thr: int = 0,
                 paper_split: Optional[PaperSplit] = None,
                 on_error: OnError = 'raise',
                 **kwargs) -> None:
        check_choice('paper_split', paper_split, Optional[PaperSplit])
        self.img_subdir, self.ann_subdir = img_subdir, ann_subdir
        self.diff_thr = diff_thr
        self.paper_split = paper_split
        self.bad = BadInput(on_error)
        super().__init__(ann_file=ann_file, **kwargs)

    def load_data_list(self) -> List[dict]:
        """Load the annotations of the split, see the class."""
        root = self.data_root or ''
        folder = osp.join(root, self.img_subdir)
        needed = {
            'data root': root or '.',
            'folder of images (img_subdir)': folder,
            'folder of annotations (ann_subdir)':
            osp.join(root, self.ann_subdir)
        }
        if self.test_mode:
            # Images alone can be detected on.
            needed.pop('folder of annotations (ann_subdir)')
        if self.ann_file:
            needed['list of the split (ann_file)'] = self.ann_file
        require_layout(
            needed,
            layout_help((root or '.').rstrip('/'), self.img_subdir,
                        self.ann_subdir))
        images = index_images(folder)
        ids = list(images)
        if self.ann_file:
            ids = sorted(match_ids(
                read_ids(self.ann_file), images, self.ann_file))
        missing = [img_id for img_id in ids if img_id not in images]
        names = ClassNames(self._metainfo['classes'], DOTA_CLASSES,
                           DOTA_ALIASES, type(self).__name__)
        data_list = []
        for img_id in ids:
            try:
                if img_id not in images:
                    raise FileNotFoundError(
                        f'{self.ann_file}: image {img_id} is not in {folder} '
                        f'with any extension of {", ".join(EXTENSIONS)}. Add '
                        'it, or take the id out of the list.' +
                        share(missing, ids))
                data_list.append(self._read_image(img_id, images, names))
            except (ValueError, FileNotFoundError) as error:
                self.bad.report(error)
        source = self.ann_file or folder
        self.bad.summarise(source)
        names.tell(source)
        self._tell_unlabelled(data_list)
        if not data_list:
            raise ValueError(
                f'{source}: no image is left in this split. Is it empty, or '
                'is everything skipped?')
        self._compare_with_paper(data_list)
        return data_list

    def _read_image(self, img_id: str, images: Dict[str, str],
                    names: ClassNames) -> dict:
        width, height = image_size(images[img_id])
        txt_path = osp.join(self.data_root or '', self.ann_subdir,
                            f'{img_id}.txt')
        lines = read_lines(txt_path) if osp.isfile(txt_path) else []
        instances = []
        for number, line in enumerate(lines, 1):
            try:
                instance = self._instance(line, f'{txt_path}, line {number}',
                                          names, width, height)
            except AnnotationError as error:
                self.bad.report(error)
                continue
            if instance:
                instances.append(instance)
        return dict(
            img_path=images[img_id],
            img_id=img_id,
            width=width,
            height=height,
            instances=instances)

    def _instance(self, line: str, where: str, names: ClassNames,
                  width: int, height: int) -> Optional[dict]:
        try:
            item = parse_dota_line(line)
        except ValueError as error:
            raise AnnotationError(
                where, f'{error}: expected "{FORM}", got {line.strip()!r}',
                REMEDY) from None
        if item is None:
            return None
        label = names.label(item.name)
        if label is None:
            raise AnnotationError(
                where, f'unknown class {item.name!r}',
                f'Known are {", ".join(names.classes)}; '
                f'{hint([item.name], names.classes)}; name all classes in '
                'metainfo=dict(classes=...), or correct the line, or set '
                'on_error="skip"')
        problem = box_problem(item.quad, width, height)
        if problem:
            raise AnnotationError(where, problem, REMEDY)
        return dict(
            bbox=item.quad,
            bbox_label=label,
            ignore_flag=int(item.difficulty > self.diff_thr))

    def _tell_unlabelled(self, data_list: List[dict]) -> None:
        """Text files of other names would leave all images empty."""
        folder = osp.join(self.data_root or '', self.ann_subdir)
        if not data_list or any(info['instances'] for info in data_list):
            return
        if not osp.isdir(folder):
            expects_truth(self.test_mode, (), folder)
            return
        texts = [name for name in os.listdir(folder)
                 if name.lower().endswith('.txt') and not is_stranger(name)]
        own = {f'{info["img_id"]}.txt' for info in data_list}
        if texts and not own.intersection(texts):
            warnings.warn(
                f'{folder}: none of {len(texts)} text files, such as '
                f'{min(texts)}, is named as one of the {len(own)} images; '
                'all images count as empty', stacklevel=3)

    def _compare_with_paper(self, data_list: List[dict]) -> None:
        if self.paper_split is None:
            return
        found = (len(data_list),
                 sum(len(info['instances']) for info in data_list))
        if found != PAPER_SPLITS[self.paper_split]:
            images, ships = PAPER_SPLITS[self.paper_split]
            warnings.warn(
                f'{self.ann_file or self.img_subdir}: {found[0]} images and '
                f'{found[1]} ships; the paper\'s {self.paper_split} split '
                f'has {images} and {ships}. Results do not compare.',
                stacklevel=2)

    def filter_data(self) -> List[dict]:
        """Drop images without any object, or smaller than ``min_size``, if
        ``filter_cfg`` says so; never in test mode."""
        cfg = self.filter_cfg or {}
        if self.test_mode:
            return self.data_list
        return self.require_images([
            info for info in self.data_list
            if min(info['width'], info['height']) >= cfg.get('min_size', 0)
            and (info['instances'] or not cfg.get('filter_empty_gt', False))])

    def get_cat_ids(self, idx: int) -> List[int]:
        """Labels of the objects in an image, as samplers need them."""
        return [item['bbox_label']
                for item in self.get_data_info(idx)['instances']]
