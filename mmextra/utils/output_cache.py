"""Raw outputs of a single-stage detector, to post-process repeatedly."""
from typing import Any, Callable, List

import torch
from mmdet.models.detectors import SingleStageDetector
from mmdet.structures import DetDataSample
from rich.progress import track
from torch import Tensor
from torch.utils.data import DataLoader


def convert(outputs: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """Apply a function to all tensors of nested lists."""
    if isinstance(outputs, Tensor):
        return function(outputs)
    if isinstance(outputs, (list, tuple)):
        return [convert(output, function) for output in outputs]
    return outputs


class OutputCache:
    """Raw outputs of a head for a whole data set, in the main memory.

    Once they exceed the limit in single precision all of them are kept in
    half precision, which moves boxes and scores by a few per mille.

    Args:
        limit (int): Largest size in bytes.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.dtype = torch.float32
        self.size = 0
        self.batches: List[Any] = []
        self.samples: List[List[DetDataSample]] = []

    def add(self, outputs: Any, samples: List[DetDataSample]) -> None:
        """Keep one batch.

        Args:
            outputs (tuple[list[Tensor]]): What the head's forward gave.
            samples (list[:obj:`DetDataSample`]): The images' samples.

        Raises:
            ValueError: If there is too much even in half precision.
        """
        self.batches.append(convert(outputs, self._keep))
        self.samples.append([sample.to('cpu') for sample in samples])
        if self.size > self.limit and self.dtype == torch.float32:
            self.dtype, self.size = torch.float16, 0
            self.batches = convert(self.batches, self._keep)
        if self.size > self.limit:
            raise ValueError(
                f'the outputs exceed {self.limit / 2**30:.3g} GiB in half '
                f'precision after {len(self.batches)} batches; raise the '
                'limit (--max-cache), or take fewer images (--cfg-options '
                'test_dataloader.dataset.indices=100)')

    def _keep(self, part: Tensor) -> Tensor:
        kept = part.to('cpu', self.dtype, copy=True)
        self.size += kept.numel() * kept.element_size()
        return kept

    def restore(self, index: int, device: torch.device) -> Any:
        """A copy of one batch in single precision on a device."""
        return convert(self.batches[index], lambda part: part.to(
            device, torch.float32, copy=True))

    def describe(self) -> str:
        """Size and precision in words."""
        images = sum(map(len, self.samples))
        text = f'outputs of {images} images: {self.size / 2**20:.1f} MiB'
        if self.dtype == torch.float32:
            return f'{text} in single precision'
        return (f'{text} in half precision, for twice as much exceeds '
                'the limit; APs may differ a little from tools/test.py')


@torch.no_grad()
def run_network(model: SingleStageDetector, loader: DataLoader,
                limit: int) -> OutputCache:
    """Run a single-stage detector on all images, without post-processing.

    Args:
        model (SingleStageDetector): The detector.
        loader (DataLoader): Its images.
        limit (int): See :class:`OutputCache`.

    Returns:
        OutputCache: The outputs.
    """
    cache = OutputCache(limit)
    model.eval()
    for batch in track(loader, 'network'):
        data = model.data_preprocessor(batch, False)
        features = model.extract_feat(data['inputs'])
        cache.add(model.bbox_head(features), data['data_samples'])
    return cache
