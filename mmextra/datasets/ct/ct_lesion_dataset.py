"""CT slices with lesion masks, as CNCB and COVID-CT-Mask-Net lay them out."""
import os
import os.path as osp
import warnings
from pathlib import Path
from typing import Dict, List, Literal, Mapping, Optional

from mmdet.datasets import BaseDetDataset
from mmdet.registry import DATASETS

from mmextra.utils.checks import check_choice
from mmextra.utils.notices import MEDICAL_NOTICE

from ..bad_input import AnnotationError, BadInput, OnError, require_layout
from ..ct_files import (
    DICOM,
    NIFTI,
    is_volume,
    slice_file,
    slice_size,
    split_slice,
)
from ..image_files import EXTENSIONS, index_images
from ..reader import ClassTextMixin
from ..text_files import read_lines, slashes
from ..transforms.load_ct_slice import LoadCTSlice
from .bit_depth import BitDepthMixin, check_bit_depth
from .lesions import (
    CLASS_MODES,
    MASK_VALUES,
    ClassMode,
    Connectivity,
    lesion_instances,
    read_lesion_mask,
    value_mapping,
)
from .names import parse_slice_name, slice_stem

Layout = Literal['flat', 'nested']
LAYOUT = """Slices with lesion masks are expected as
  flat:   {imgs}/<patient>_<slice>.jpg   {masks}/<patient>_<slice>.png
  nested: {imgs}/<patient>/<slice>.jpg   {masks}/<patient>/<slice>.png
with masks of one channel: 0 background, 1 lung, 2 ground glass,
3 consolidation. With LoadCTSlice in the pipeline images may be DICOM files
(<slice>.dcm); slice 12 of a volume is listed (ann_file) as <name>.nii.gz#12
and has the mask <name>_12.png.
The slices and masks are those of "ct_lesion_seg" at CNCB
(http://ncov-ai.big.ac.cn/download). For a trial make a synthetic set:
  python tools/make_synthetic.py ct data/synthetic_ct"""


@DATASETS.register_module()
class CTLesionDataset(BitDepthMixin, ClassTextMixin, BaseDetDataset):
    """CT slices whose lesions are instances (Section 2, "Data and Models").

    Images and masks are paired by name; the tissues of a class become one
    and fall apart into connected lesions, of which small ones are left out,
    see :func:`~.lesions.lesion_instances`. Research only, not a medical
    device.

    With :class:`LoadCTSlice` in the pipeline an image may also be a DICOM
    file, or a slice of a NIfTI volume: ``scan.nii.gz#12`` in the list, with
    the mask ``scan_12.png``, turned as ``LoadCTSlice`` shows the slice. Masks
    are images in any case, not volumes. In test mode the folder of masks
    may be absent, for inference alone.

    Args:
        ann_file (str): List of images, one a line, as ``0_115.jpg``; without
            it all images of the folder are taken, but no volumes.
        data_prefix (dict): ``img`` and ``mask``, the two folders.
        class_mode (str): ``'merge'``: one class ``lesion`` of ground glass
            and consolidation, the paper's; ``'both'``: two classes;
            ``'ggo'``: ground glass alone.
        min_area (int): Lesions of fewer pixels are background.
        connectivity (int): 8, or 4.
        layout (str): ``'flat'``, or ``'nested'`` with a folder for each
            patient.
        mask_suffix (str): Extension of the masks.
        mask_values (dict[str, int]): Codes of ``lung``, ``ggo`` and
            ``consolidation``.
        on_error (str): ``'raise'``, or ``'skip'`` to leave bad slices out
            with one warning that counts them.
        **kwargs: See :class:`mmdet.datasets.BaseDetDataset`.
            ``filter_cfg=dict(filter_empty_gt=True)`` leaves slices without
            lesions out of training, as the paper does; else they are trained
            on as negatives.

    Raises:
        FileNotFoundError: If a folder or the list is missing, or images lack
            their masks; the first five are named.
        ValueError: If a slice cannot be used, or without ``ann_file`` masks
            have no image; the text names file and values.
    """

    METAINFO = dict(classes=('lesion', ), palette=[(220, 20, 60)],
                    notice=MEDICAL_NOTICE)

    def __init__(self,
                 ann_file: str = '',
                 data_prefix: Optional[dict] = None,
                 *,
                 class_mode: ClassMode = 'merge',
                 min_area: int = 100,
                 connectivity: Connectivity = 8,
                 layout: Layout = 'flat',
                 mask_suffix: str = '.png',
                 mask_values: Mapping[str, int] = MASK_VALUES,
                 on_error: OnError = 'raise',
                 metainfo: Optional[dict] = None,
                 **kwargs) -> None:
        check_choice('layout', layout, Layout)
        self.mapping = value_mapping(class_mode, mask_values)
        self.mask_values = dict(mask_values)
        self.class_mode = class_mode
        self.min_area = min_area
        self.connectivity = connectivity
        self.layout = layout
        self.mask_suffix = mask_suffix
        self.bad = BadInput(on_error)
        classes = tuple(CLASS_MODES[class_mode])
        metainfo = dict(
            dict(classes=classes,
                 palette=[(220, 20, 60), (255, 165, 0)][:len(classes)]),
            **(metainfo or {}))
        super().__init__(
            ann_file=ann_file,
            data_prefix=data_prefix or dict(img='imgs/', mask='masks/'),
            metainfo=metainfo,
            **kwargs)

    def load_data_list(self) -> List[dict]:
        """Load the slices of the split.

        Returns:
            list[dict]: ``img_id``, ``img_path``, ``seg_map_path``,
            ``height``, ``width``, ``patient_id`` (empty if the name has
            none), ``slice_id`` and ``instances``, see
            :func:`~.lesions.lesion_instances`.
        """
        imgs, masks = (self.data_prefix[key] for key in ('img', 'mask'))
        needed = {
            'folder of images (data_prefix.img)': imgs,
            'folder of masks (data_prefix.mask)': masks
        }
        if self.ann_file:
            needed['list of the split (ann_file)'] = self.ann_file
        self._truth = osp.exists(masks) or not self.test_mode
        if not self._truth:
            del needed['folder of masks (data_prefix.mask)']
            warnings.warn(
                f'there is no folder {masks}; the slices are read without '
                'lesions, for inference alone', stacklevel=2)
        layout_help = LAYOUT.format(imgs=imgs.rstrip('/'),
                                    masks=masks.rstrip('/'))
        require_layout(needed, layout_help)
        images = self._index(imgs)
        names = self._listed(images, imgs)
        if not self.ann_file:
            self._check_volumes(imgs)
            if self._truth:
                self._check_unpaired(images, imgs, masks)
        paths = {name: self._mask_path(name, masks) for name in names}
        lost = [path for path in paths.values()
                if self._truth and not osp.isfile(path)]
        if lost:
            shown = '\n  '.join(lost[:5])
            self.bad.report(FileNotFoundError(
                f'{len(lost)} of {len(names)} images have no mask; missing '
                f'are\n  {shown}\n{layout_help}'))
        data_list = []
        for name in names:
            if self._truth and not osp.isfile(paths[name]):
                continue
            try:
                data_list.append(
                    self._read_slice(name, images[name], paths[name]))
            except ValueError as error:
                self.bad.report(error)
        source = self.ann_file or imgs
        self.bad.summarise(source)
        if not data_list:
            raise ValueError(
                f'{source}: no slice is left in this split. Is it empty, or '
                'is everything skipped?')
        return data_list

    def _index(self, folder: str) -> Dict[str, str]:
        """Name, ``slice`` or ``patient/slice``, to path of every image."""
        kinds = EXTENSIONS + DICOM
        if self.layout == 'flat':
            return index_images(folder, kinds)
        return {
            f'{patient}/{stem}': path
            for patient in sorted(os.listdir(folder))
            if osp.isdir(osp.join(folder, patient)) for stem, path in
            index_images(osp.join(folder, patient), kinds).items()
        }

    def _listed_stem(self, line: str, images: Dict[str, str],
                     folder: str) -> str:
        """Name of a listed image; a slice of a volume joins ``images``."""
        line = slashes(line)
        stem, volume = slice_stem(line), osp.join(folder, line)
        if not is_volume(line):
            # A path that is not there loses its first folders until it is.
            parts = stem.split('/')
            ends = ('/'.join(parts[k:]) for k in range(len(parts)))
            return next((end for end in ends if end in images), stem)
        number = split_slice(line)[1]
        if number is not None:
            stem = f'{stem[:-len(number) - 1]}_{number}'
        if osp.isfile(slice_file(volume)):
            images[stem] = volume
        return stem

    def _listed(self, images: Dict[str, str], folder: str) -> List[str]:
        """Names of the images of the split."""
        if not self.ann_file:
            return list(images)
        lines = [line.strip() for line in read_lines(self.ann_file)]
        stems = [self._listed_stem(line, images, folder)
                 for line in lines if line]
        if self.layout == 'nested':
            # The authors' lists have flat names.
            stems = [stem if '/' in stem else '/'.join(parse_slice_name(stem))
                     for stem in stems]
        absent = [stem for stem in stems if stem not in images]
        if absent:
            self.bad.report(FileNotFoundError(
                f'{self.ann_file}: {len(absent)} of {len(stems)} images are '
                f'not in {folder}, the first: {", ".join(absent[:5])}. Add '
                'them, or take them out of the list; with folders of '
                'patients set layout="nested".'))
        twice = len(stems) - len(set(stems))
        if twice:
            self.bad.report(AnnotationError(
                self.ann_file, f'{twice} images are listed more than once',
                'List every image once'))
        return [stem for stem in dict.fromkeys(stems) if stem in images]

    def _check_volumes(self, imgs: str) -> None:
        """Without a list there must be no volumes."""
        pattern = '*' if self.layout == 'flat' else '*/*'
        for path in sorted(Path(imgs).glob(pattern)):
            if path.name.lower().endswith(NIFTI):
                self.bad.report(AnnotationError(
                    str(path), 'is a volume, and no list says which of its '
                    'slices have masks',
                    f'List them in ann_file, as {path.name}#12'))

    def _check_unpaired(self, images: Dict[str, str], imgs: str,
                        masks: str) -> None:
        """Without a list every mask must have its image."""
        pattern = '*' if self.layout == 'flat' else '*/*'
        stems = [
            path.relative_to(masks).as_posix()[:-len(self.mask_suffix)]
            for path in sorted(Path(masks).glob(pattern + self.mask_suffix))
        ]
        lost = [stem for stem in stems if stem not in images]
        if lost:
            self.bad.report(AnnotationError(
                masks, f'{len(lost)} of {len(stems)} masks have no image in '
                f'{imgs}, the first: {", ".join(lost[:5])}',
                'Add the images, remove the masks, or list the images of the '
                'split in ann_file'))

    def _mask_path(self, name: str, folder: str) -> str:
        return osp.join(folder, name + self.mask_suffix)

    def _read_slice(self, name: str, img_path: str, mask_path: str) -> dict:
        if not any(isinstance(step, LoadCTSlice)
                   for step in self.pipeline.transforms):
            check_bit_depth(img_path)
        self.check_slice(img_path)
        width, height = slice_size(img_path)
        patient_id, slice_id = parse_slice_name(name)
        info = dict(
            img_id=name.replace('/', '_'),
            img_path=img_path,
            height=height,
            width=width,
            patient_id=patient_id,
            slice_id=slice_id,
            instances=[])
        if self._truth:
            mask = read_lesion_mask(mask_path, self.mask_values.values())
            if mask.shape != (height, width):
                raise AnnotationError(
                    mask_path, f'is {mask.shape[1]} x {mask.shape[0]}, but '
                    f'{img_path} is {width} x {height}',
                    'Image and mask must be of one size')
            info.update(
                seg_map_path=mask_path,
                instances=lesion_instances(
                    mask, self.mapping, self.min_area, self.connectivity))
        return info

    def filter_data(self) -> List[dict]:
        """Drop slices without lesions if ``filter_cfg`` says
        ``filter_empty_gt``; never in test mode.

        Raises:
            ValueError: If none is left.
        """
        if self.test_mode or not (self.filter_cfg or {}).get(
                'filter_empty_gt', False):
            return self.data_list
        kept = [info for info in self.data_list if info['instances']]
        if not kept:
            raise ValueError(
                f'{self.ann_file or self.data_prefix["img"]}: no slice has a '
                f'lesion of at least {self.min_area} pixels '
                f'(class_mode={self.class_mode!r}). Lower min_area, or set '
                'filter_cfg=dict(filter_empty_gt=False).')
        return kept
