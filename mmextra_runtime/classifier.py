"""The class of a whole image, and the boxes it rests on."""
from dataclasses import dataclass
from typing import List, Sequence, Union

import numpy as np

from .detector import Detector
from .images import ImageLike, Prepared, read_image
from .postprocess import rescale_boxes
from .results import Detections


@dataclass
class ImageClass:
    """The class of an image. Research only, not a medical device.

    Attributes:
        label: Position of the class of the largest logit.
        scores: (C,) one for each class.
        logits: (C,) before their activation.
        classes: Names of the image's classes; may be empty.
        rois: The boxes by rank, in pixels of the image.
        roi_inds: (n,) numbers of the proposals they come from.
    """
    label: int
    scores: np.ndarray
    logits: np.ndarray
    classes: Sequence[str]
    rois: Detections
    roi_inds: np.ndarray

    def lines(self) -> List[str]:
        """One line of text for each class: name, score."""
        names = self.classes or [str(i) for i in range(len(self.scores))]
        return [f'{name} {score:.4f}'
                for name, score in zip(names, self.scores)]


class ImageClassifier(Detector):
    """Classes of images, from a detector's ranked RoIs.

    Research only, not a medical device.
    """

    task = 'classify'

    def __call__(self, image: Union[ImageLike, Sequence[ImageLike]]
                 ) -> Union[ImageClass, List[ImageClass]]:
        """The class of an image, or of each of a list.

        Args:
            image (str | Path | np.ndarray | Sequence): See
                :class:`~.detector.Detector`.

        Returns:
            ImageClass or list[ImageClass]: The result.
        """
        if isinstance(image, (list, tuple)):
            return [self(each) for each in image]
        prepared = self.prepare(read_image(image))
        return self._result(self._run([prepared]), prepared)

    def _result(self, outputs: dict, prepared: Prepared) -> ImageClass:
        rois = Detections(
            rescale_boxes(outputs['boxes'], prepared.scale),
            outputs['scores'], outputs['labels'],
            self.meta.get('roi_classes') or ['RoI'])
        return ImageClass(
            int(outputs['logits'].argmax()), outputs['img_scores'],
            outputs['logits'], self.classes, rois, outputs['roi_inds'])

    def tiled(self, *args, **kwargs) -> None:
        """Not for classes of whole images.

        Raises:
            ValueError: Always.
        """
        raise ValueError('the model classifies whole images, not tiles; '
                         'call it on the image')
