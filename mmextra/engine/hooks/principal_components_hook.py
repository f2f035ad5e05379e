"""Start a convolution with what varies most in its inputs."""
from typing import List, Optional, Sequence, Tuple

import torch
from mmdet.registry import HOOKS
from mmengine.dist import broadcast
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn


def principal_components(cells: Tensor, number: int, whiten: float,
                         sources: Optional[Sequence[int]] = None
                         ) -> Tuple[Tensor, Tensor]:
    """The projection of vectors upon their principal components.

    Every channel is first brought to a deviation of 1, or, with ``sources``,
    to one over the root of their source's number of channels. All results
    together have a mean of 0 and a mean variance of 1.

    Args:
        cells (Tensor): (n, C).
        number (int): Of components, at most C.
        whiten (float): The components' own deviations to the power of
            ``1 - whiten`` are the results': 0 leaves them, 1 makes all alike.
        sources (Sequence[int], optional): Channels of each of several maps,
            which then count alike, however many they have.

    Returns:
        tuple[Tensor, Tensor]: Weight (number, C) and bias (number,), double.
    """
    cells = cells.double()
    mean, deviation = cells.mean(0), cells.std(0).clamp(min=1e-5)
    if sources:
        counts = deviation.new_tensor(sources)
        deviation = deviation * counts.repeat_interleave(
            counts.long()).sqrt()
    cells = (cells - mean) / deviation
    variance, vectors = torch.linalg.eigh(cells.T @ cells / (len(cells) - 1))
    # In ascending order; rounding may leave nothing where nothing varies.
    variance = variance.flip(0)[:number].clamp(min=1e-6 * variance[-1])
    scale = variance**(-whiten / 2)
    scale = scale / (variance * scale**2).mean().sqrt()
    weight = (vectors.flip(1)[:, :number] * scale).T / deviation
    return weight, -weight @ mean


# Of one map; enough of them, and a large map does not fill the memory.
MAX_CELLS = 1000


@HOOKS.register_module()
class PrincipalComponentsHook(Hook):
    """Start a 1 x 1 convolution with its inputs' principal components.

    For the convolution that reduces the many channels of a pretrained
    backbone: random weights lose much of what tells classes apart, and what
    few classes teach does not bring it back for others. Not in the papers.

    Nothing happens where a training begins with a checkpoint, or goes on from
    one.

    Args:
        conv (str): Name of the convolution in the model.
        whiten (float): See :func:`principal_components`.
        sources (Sequence[int], optional): Likewise.
        num_images (int): So many images of the training set, evenly spaced
            in it, are looked at.

    Raises:
        ValueError: If the model has no such convolution, it has more outputs
            than inputs or others than ``sources``, or ``num_images`` is not
            positive.
    """

    def __init__(self,
                 conv: str = 'neck.reduction_conv.conv',
                 whiten: float = 0.5,
                 sources: Optional[Sequence[int]] = None,
                 num_images: int = 64) -> None:
        if num_images < 1:
            raise ValueError('PrincipalComponentsHook: num_images must be '
                             f'positive, got {num_images}')
        self.conv = conv
        self.whiten = whiten
        self.sources = sources
        self.num_images = num_images

    def find_conv(self, model: nn.Module) -> nn.Conv2d:
        """The convolution."""
        conv = dict(model.named_modules()).get(self.conv)
        if not (isinstance(conv, nn.Conv2d) and conv.kernel_size == (1, 1)
                and conv.groups == 1 and conv.bias is not None
                and conv.out_channels <= conv.in_channels):
            raise ValueError(
                f'PrincipalComponentsHook: conv={self.conv!r} must name a '
                '1 x 1 convolution with a bias, without groups and with no '
                f'more outputs than inputs, but it is {conv} of '
                f'{type(model).__name__}')
        if self.sources and sum(self.sources) != conv.in_channels:
            raise ValueError(
                f'PrincipalComponentsHook: sources={list(self.sources)} are '
                f'{sum(self.sources)} channels, but {self.conv} has '
                f'{conv.in_channels} inputs')
        return conv

    @torch.no_grad()
    def before_train(self, runner: Runner) -> None:
        """Set the convolution's weight and bias."""
        model = runner.model
        if is_model_wrapper(model):
            model = model.module
        conv = self.find_conv(model)
        if runner.iter or runner.cfg.get('load_from'):
            return
        cells: List[Tensor] = []

        def keep(_: nn.Module, args: Tuple[Tensor]) -> None:
            rows = args[0].transpose(0, 1).flatten(1).T
            cells.append(rows[::-(-len(rows) // MAX_CELLS)].float().cpu())

        handle = conv.register_forward_pre_hook(keep)
        was_training = model.training
        model.eval()
        loader = runner.train_dataloader
        # A second pass over the loader would end its infinite sampler's.
        step = max(len(loader.dataset) // self.num_images, 1)
        for number in range(0, len(loader.dataset), step):
            batch = loader.collate_fn([loader.dataset[number]])
            inputs = model.data_preprocessor(batch, True)['inputs']
            # Queries and supports, where there are both.
            for images in (inputs.values() if isinstance(inputs, dict)
                           else [inputs]):
                model.extract_feat(images)
        handle.remove()
        model.train(was_training)
        weight, bias = principal_components(
            torch.cat(cells), conv.out_channels, self.whiten, self.sources)
        conv.weight.copy_(weight[..., None, None])
        conv.bias.copy_(bias)
        # Processes draw other augmentations.
        for tensor in (conv.weight, conv.bias):
            broadcast(tensor.data)
        runner.logger.info(
            f'{self.conv} starts with the {conv.out_channels} principal '
            f'components of {sum(map(len, cells))} cells')
