"""CT slices with a class each, as COVIDx-CT and CNCB list them."""
import logging
import os.path as osp
import warnings
from typing import List, Optional

from mmdet.datasets import BaseDetDataset
from mmdet.registry import DATASETS
from mmengine.logging import print_log

from mmextra.utils.notices import MEDICAL_NOTICE

from ..bad_input import AnnotationError, BadInput, OnError, require_layout
from ..ct_files import SliceError
from ..reader import ClassTextMixin
from ..text_files import read_lines, slashes
from .bit_depth import BitDepthMixin
from .image_finder import ImageFinder, find_list
from .names import CTSource, parse_ct_name, parse_ct_source, slice_stem

LAYOUT = """Classified CT slices are expected as a folder of images
  {imgs}/
and a list with one image a line (ann_file), in either form:
  NCP_96_1328_0032.png 2 9 94 512 405   COVIDx-CT: name, class, box of the body
  2_96_1328_0032.png                    class_patient_scan_slice
Any other name needs its class behind it, as in the lists of the releases 2
and 3. The lists are those of https://github.com/haydengunraj/COVIDNet-CT
(splits/v1/test_COVIDx_CT-1.txt), the images those of CNCB
(http://ncov-ai.big.ac.cn/download). For a trial make a synthetic set:
  python tools/make_synthetic.py ct data/synthetic_ct"""
REMEDY = 'Correct or remove the line, or set on_error="skip"'


@DATASETS.register_module()
class CTImageDataset(BitDepthMixin, ClassTextMixin, BaseDetDataset):
    """CT slices with the class of the image (Section 2).

    A line of the list is ``name [class [x1 y1 x2 y2]]``; names of COVIDx-CT
    and of the authors tell the class themselves, and a class that stands
    behind one must be the same. Images are found under either of the two
    names, by class, patient, scan and slice. In test mode a line may tell
    no class, for inference alone. Research only, not a medical device.

    Args:
        ann_file (str): The list. One of COVIDx-CT 1 may have the name that
            it had before 2021 (``val_COVIDx-CT.txt``) or the one of today
            (``val_COVIDx_CT-1.txt``), whichever is given here.
        data_prefix (dict): ``img``, the folder of images. A slice of a
            NIfTI volume is listed as ``volume.nii.gz#12``.
        rename (bool): Of an image that lies there under both names take the
            authors' (``2_96_1328_0032.png``) and not the listed one
            (``NCP_96_1328_0032.png``).
        on_error (str): ``'raise'``, or ``'skip'`` to leave bad lines, and
            DICOM files and volumes whose headers are bad, out with one
            warning that counts them; a slice whose pixels turn out to be
            bad is left out of training.
        **kwargs: See :class:`mmdet.datasets.BaseDetDataset`; other classes
            are named in ``metainfo=dict(image_classes=(...))``.

    Raises:
        FileNotFoundError: If the folder, the list or images are missing; the
            first five are named.
        ValueError: If a line cannot be used; the text names file, line and
            value.
    """

    CLASS_KEYS = ('classes', 'image_classes')
    METAINFO = dict(
        notice=MEDICAL_NOTICE,
        # Of the detector's boxes, for visualisation.
        classes=('lesion', ),
        palette=[(220, 20, 60)],
        image_classes=('Control', 'CP', 'COVID-19'))

    def __init__(self,
                 ann_file: str,
                 data_prefix: Optional[dict] = None,
                 rename: bool = False,
                 on_error: OnError = 'raise',
                 **kwargs) -> None:
        self.rename = rename
        self.bad = BadInput(on_error)
        super().__init__(
            ann_file=ann_file, data_prefix=data_prefix or dict(img=''),
            **kwargs)

    def load_data_list(self) -> List[dict]:
        """Load the list.

        Returns:
            list[dict]: ``img_id``, ``img_path``, ``img_label`` if known,
            ``patient_id``, ``scan_id``, ``slice_id`` (empty if the name does
            not tell them), ``body_box`` where listed, and empty
            ``instances``.
        """
        folder = self.data_prefix['img']
        layout_help = LAYOUT.format(imgs=folder.rstrip('/'))
        self.ann_file = find_list(self.ann_file)
        require_layout(
            {
                'folder of images (data_prefix.img)': folder or '.',
                'list of the split (ann_file)': self.ann_file
            }, layout_help)
        finder = ImageFinder(prefer_listed=not self.rename)
        # Lines by path, for an image must not be listed twice.
        data_list, lines = [], {}
        for number, line in enumerate(read_lines(self.ann_file), 1):
            if not line.strip():
                continue
            where = f'{self.ann_file}, line {number}'
            try:
                info = self._read_line(line.split(), where, finder)
                # Parts of one image have a line each.
                first = lines.setdefault(
                    (osp.normpath(info['img_path']),
                     *info.get('body_box', ())), number)
                if first != number:
                    raise AnnotationError(
                        where, f'{info["img_path"]} is listed already, in '
                        f'line {first}', 'List every image, or every '
                        'box in it, once, with one class, or set '
                        'on_error="skip", which keeps the first')
            except AnnotationError as error:
                self.bad.report(error)
            else:
                data_list.append(info)
        if finder.lost:
            lost = [info['img_path'] for info in data_list
                    if info['img_path'] in finder.lost]
            shown = '\n  '.join(lost[:5])
            self.bad.report(FileNotFoundError(
                f'{self.ann_file}: {len(lost)} of {len(data_list)} images do '
                f'not exist; missing are\n  {shown}\n{layout_help}'))
        found = [info for info in data_list
                 if info['img_path'] not in finder.lost
                 and self._is_good(info)]
        self._tell_renamed(finder)
        unknown = sum('img_label' not in info for info in found)
        if unknown:
            warnings.warn(
                f'{self.ann_file}: of {unknown} of {len(found)} images the '
                'class is not known; they are for inference alone',
                stacklevel=2)
        self.bad.summarise(self.ann_file)
        if not found:
            raise ValueError(
                f'{self.ann_file}: no image is left in this split. Is it '
                'empty, or is everything skipped?')
        return found

    def _is_good(self, info: dict) -> bool:
        try:
            self.check_slice(info['img_path'])
        except SliceError as error:
            self.bad.report(error)
            return False
        return True

    def _tell_renamed(self, finder: ImageFinder) -> None:
        if finder.renamed:
            listed, there = finder.example
            print_log(
                f'{self.ann_file}: {finder.renamed} images were found '
                'by class, patient, scan and slice, not by name: '
                f'{there} for {listed}, for example', 'current',
                logging.INFO)

    def _read_line(self, words: List[str], where: str,
                   finder: ImageFinder) -> dict:
        if len(words) not in (1, 2, 6):
            raise AnnotationError(
                where, f'has {len(words)} words; expected is "name [class '
                '[x1 y1 x2 y2]]"', REMEDY)
        name, *rest = words
        name = slashes(name)
        try:
            numbers = [int(word) for word in rest]
        except ValueError:
            raise AnnotationError(
                where, f'{" ".join(rest)!r} are not whole numbers',
                REMEDY) from None
        parsed = parse_ct_name(name)
        if not parsed and not numbers and not self.test_mode:
            raise AnnotationError(
                where, f'neither {name!r} nor the line tells the class',
                'Put the class behind the name: "name class"')
        if parsed and numbers and parsed.label != numbers[0]:
            raise AnnotationError(
                where, f'{name!r} says class {parsed.label}, the line '
                f'{numbers[0]}', REMEDY)
        label = numbers[0] if numbers else parsed and parsed.label
        # The property would copy it for every line.
        classes = self._metainfo['image_classes']
        if label is not None and not 0 <= label < len(classes):
            raise AnnotationError(
                where, f'class {label} is none of the {len(classes)} classes '
                f'({", ".join(classes)})',
                'Name all classes in metainfo=dict(image_classes=...)')
        path = finder.find(self.data_prefix['img'], name, parsed)
        if len(numbers) == 5 and not (
                numbers[1] < numbers[3] and numbers[2] < numbers[4]):
            raise AnnotationError(
                where, f'the box of the body {numbers[1:]} has no area',
                REMEDY)
        source = CTSource(*parsed[1:]) if parsed else parse_ct_source(name)
        info = dict(
            img_id=slice_stem(name),
            img_path=path,
            **({} if label is None else dict(img_label=label)),
            patient_id=source.patient_id if source else '',
            scan_id=source.scan_id if source else '',
            slice_id=source.slice_id if source else '',
            instances=[])
        if len(numbers) == 5:
            info['body_box'] = numbers[1:]
        return info

    def get_cat_ids(self, idx: int) -> List[int]:
        """The class of an image, for ``ClassBalancedDataset``."""
        return [self.get_data_info(idx)['img_label']]
