"""Detection of one's own classes from a few pictures of each."""
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Union

import numpy as np

from .detector import Detector
from .folder import ExportedFolder
from .images import ImageLike, Prepared, prepare, read_image
from .support_bank import SupportBank
from .support_crop import crop_instance


class FewShotDetector(Detector):
    """Looks for the classes that it is shown::

        detector = load('exported')
        detector.show(['a.png', 'b.png'], ['bolt', 'nut'])
        found = detector('tray.png')

    Args:
        exported (ExportedFolder): The model.
        bank (SupportBank or str, optional): Classes it was shown before;
            by default those saved with the model, if any.
        class_chunk (int): Classes in one run; bounds the memory.
    """

    task = 'few_shot'

    def __init__(self, exported: ExportedFolder,
                 bank: Union[None, str, Path, SupportBank] = None,
                 class_chunk: int = 10) -> None:
        super().__init__(exported)
        if class_chunk < 1:
            raise ValueError('class_chunk must be at least 1, got '
                             f'{class_chunk}')
        self.class_chunk = class_chunk
        if bank is None and self.meta['few_shot'].get('bank'):
            bank = exported.path / Path(self.meta['few_shot']['bank']).name
        if bank is not None and not isinstance(bank, SupportBank):
            bank = SupportBank.load(bank)
        self.bank: Optional[SupportBank] = bank

    @property
    def classes(self) -> tuple:
        """Names of the classes that it was shown."""
        return () if self.bank is None else self.bank.classes

    @classes.setter
    def classes(self, _: Sequence[str]) -> None:
        """Those of the folder are of its training, not of its supports."""

    def show(self, images: Sequence[ImageLike], labels: Sequence[str],
             boxes: Optional[Sequence[Sequence[float]]] = None
             ) -> SupportBank:
        """Show the classes to look for, instead of those shown before.

        Args:
            images (Sequence): Pictures, files or arrays; several may be of
                one class.
            labels (Sequence[str]): Class of each picture.
            boxes (Sequence[Sequence[float]], optional): x1, y1, x2, y2 of
                the object in each picture, pixels; without it the whole
                picture.

        Returns:
            SupportBank: What it now looks for.

        Raises:
            ValueError: If the numbers differ, or a box is empty or outside
                of its picture.
        """
        if not len(images) or len(images) != len(labels) or (
                boxes is not None and len(boxes) != len(images)):
            raise ValueError(
                f'give one label (and one box) per picture: got '
                f'{len(images)} pictures, {len(labels)} labels and '
                f'{"no" if boxes is None else len(boxes)} boxes')
        features: Dict[str, List[dict]] = {}
        for i, (source, label) in enumerate(zip(images, labels)):
            features.setdefault(str(label), []).append(self._support(
                read_image(source), None if boxes is None else boxes[i]))
        fusion = self.meta['few_shot']['fusion']
        maps, rois = [], []
        for shots in features.values():
            own = np.stack([shot['map'] for shot in shots])
            # 'concat' keeps the cells of all shots, one map below the other.
            maps.append(own.mean(0) if fusion == 'mean' else
                        np.concatenate(own, 1))
            rois.append(np.mean([shot['roi'] for shot in shots], 0))
        if len({each.shape for each in maps}) > 1:
            raise ValueError("shot_fusion='concat' needs as many pictures of "
                             'every class')
        self.bank = SupportBank(list(features), np.stack(maps),
                                np.stack(rois))
        return self.bank

    def _support(self, image: np.ndarray,
                 box: Optional[Sequence[float]]) -> Dict[str, np.ndarray]:
        """Features of one picture of an object."""
        height, width = image.shape[:2]
        box = np.array((0, 0, width, height) if box is None else box,
                       np.float64)
        if box.shape != (4, ) or not (box[:2] < box[2:]).all():
            raise ValueError(f'box {box.tolist()} must be x1, y1, x2, y2 '
                             'with x1 < x2 and y1 < y2')
        crop = self.meta['few_shot']['crop']
        pixels, box, _ = crop_instance(image, box, crop['context'],
                                       crop['side'])
        plain = dict(self.meta['preprocess'], resize=None, pad=None)
        return self.exported.graphs['support'](
            image=prepare(pixels, plain).blob,
            box=box[None].astype(np.float32))

    def _run(self, inputs: Sequence[Prepared]) -> Dict[str, np.ndarray]:
        if self.bank is None:
            raise ValueError('the detector was not shown its classes; call '
                             'show(images, labels), or give a support bank')
        parts = []
        for begin in range(0, len(self.bank.classes), self.class_chunk):
            some = slice(begin, begin + self.class_chunk)
            found = self.exported.graphs['query'](
                image=inputs[0].blob,
                img_shape=np.array(inputs[0].img_shape, np.int64),
                maps=self.bank.maps[some], rois=self.bank.rois[some])
            found['labels'] = found['labels'] + begin
            parts.append(found)
        return {key: np.concatenate([part[key] for part in parts])
                for key in parts[0]}
