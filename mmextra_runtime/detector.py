"""Detection on single images, also on large ones by tiles."""
from typing import Dict, List, Sequence, Union

import numpy as np

from .drawing import draw
from .folder import ExportedFolder
from .images import ImageLike, Prepared, prepare, read_image
from .masks import paste_masks
from .postprocess import finish, suppress
from .results import Detections
from .tiling import Tile, cut_tile, image_tiles, is_sliver


class Detector:
    """Boxes of images, upright or rotated, with masks if the model has them.

    Args:
        exported (ExportedFolder): The model.

    Raises:
        ValueError: If the folder is of another task.
    """

    task = 'detect'

    def __init__(self, exported: ExportedFolder) -> None:
        if exported.meta['task'] != self.task:
            raise ValueError(
                f'{exported.path} is of the task {exported.meta["task"]!r}, '
                f'{type(self).__name__} takes {self.task!r}; use '
                'mmextra_runtime.load')
        self.exported = exported
        self.meta = exported.meta
        self.classes = tuple(exported.classes)

    def __call__(self, image: Union[ImageLike, Sequence[ImageLike]]
                 ) -> Union[Detections, List[Detections]]:
        """Detect on an image, or on each of a list.

        Args:
            image (str | Path | np.ndarray | Sequence): File, (h, w, 3)
                uint8 BGR array, or several of them.

        Returns:
            Detections or list[Detections]: What was found.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If an image is unusable.
        """
        if isinstance(image, (list, tuple)):
            return self.batch(image)
        return self.batch([image])[0]

    def batch(self, images: Sequence[ImageLike]) -> List[Detections]:
        """Detect on several images, in one run where the graph allows it.

        Args:
            images (Sequence): See :meth:`__call__`.

        Returns:
            list[Detections]: One for each image.
        """
        inputs = [self.prepare(read_image(image)) for image in images]
        shapes = {each.blob.shape for each in inputs}
        together = 'images' in self._outputs
        if together and len(inputs) > 1 and len(shapes) == 1:
            return self.run_prepared(inputs)
        return [self.run_prepared([each])[0] for each in inputs]

    def run_prepared(self, inputs: Sequence[Prepared]) -> List[Detections]:
        """Detect on inputs of :meth:`prepare`, in one run."""
        outputs = self._run(inputs)
        if len(inputs) == 1:
            return [self._finish(outputs, inputs[0])]
        return [
            self._finish({key: value[outputs['images'] == i]
                          for key, value in outputs.items()}, each)
            for i, each in enumerate(inputs)
        ]

    @property
    def _outputs(self) -> List[str]:
        """Names of what the last graph gives."""
        return list(self.exported.graphs.values())[-1].outputs

    def prepare(self, image: np.ndarray) -> Prepared:
        """The network's input of an image (h, w, 3)."""
        return prepare(image, self.meta['preprocess'])

    def _run(self, inputs: Sequence[Prepared]) -> Dict[str, np.ndarray]:
        return self.exported.graphs['model'](
            image=np.concatenate([each.blob for each in inputs]),
            img_shape=np.array(inputs[0].img_shape, np.int64))

    def _finish(self, outputs: Dict[str, np.ndarray],
                prepared: Prepared) -> Detections:
        boxes, scores, labels, index = finish(
            outputs['boxes'], outputs['scores'], outputs['labels'],
            self.meta['test'], prepared.scale, prepared.ori_shape)
        masks = None
        if 'masks' in outputs:
            masks = paste_masks(
                outputs['masks'][index], boxes, prepared.ori_shape,
                self.meta['test']['mask_thr_binary'])
        return Detections(boxes, scores, labels, self.classes, masks)

    def tiled(self, image: ImageLike, tile: int = 1024, overlap: int = 256,
              batch_size: int = 1, edge_margin: float = 8.) -> Detections:
        """Detect on a large image by overlapping tiles.

        Args:
            image (str | Path | np.ndarray): The image.
            tile (int): Side of a tile in pixels of the image.
            overlap (int): Pixels that neighbours share at least; should
                exceed the largest object.
            batch_size (int): Tiles in one run, where the graph allows it.
            edge_margin (float): A box that touches an inner edge with its
                centre so near is dropped; the neighbour has it whole.

        Returns:
            Detections: Without duplicates, in pixels of the image.

        Raises:
            ValueError: If tile or overlap is not usable, or the model has
                masks.
        """
        if 'masks' in self._outputs:
            raise ValueError('tiles merge boxes, and this model has masks; '
                             'run it on the whole image')
        pixels = read_image(image)
        height, width = pixels.shape[:2]
        tiles = image_tiles('image', width, height, tile, overlap)
        parts = []
        for begin in range(0, len(tiles), batch_size):
            some = tiles[begin:begin + batch_size]
            for each, found in zip(some, self.batch(
                    [cut_tile(pixels, each) for each in some])):
                parts.append(_to_full_image(found, each, width, height,
                                            edge_margin))
        merged = Detections(
            *(np.concatenate([getattr(part, name) for part in parts])
              for name in ('boxes', 'scores', 'labels')), self.classes)
        nms = self.meta['test'].get('nms')
        keep = np.argsort(-merged.scores, kind='stable') if not nms else \
            suppress(merged.boxes, merged.scores, merged.labels,
                     nms['iou_threshold'], nms.get('class_agnostic', False))
        return merged.pick(keep)

    def draw(self, image: ImageLike, found: Detections,
             score_thr: float = 0.3) -> np.ndarray:
        """The image with its boxes, see :func:`~.drawing.draw`."""
        return draw(read_image(image), found, score_thr)


def _to_full_image(found: Detections, tile: Tile, width: int, height: int,
                   edge_margin: float) -> Detections:
    """Detections of one tile as the full image sees them."""
    drop = is_sliver(found.boxes, tile, width, height, edge_margin)
    boxes = found.boxes.copy()
    points = 1 if found.rotated else 2
    boxes[:, :2 * points] += np.array([tile.x, tile.y] * points,
                                      boxes.dtype)
    # Padding is no part of the image.
    centre = boxes[:, :2] if found.rotated else \
        (boxes[:, :2] + boxes[:, 2:]) / 2
    drop |= (centre > [width, height]).any(1)
    return Detections(boxes, found.scores, found.labels,
                      found.classes).pick(~drop)
