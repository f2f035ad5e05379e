"""ImageNet weights of torchvision's MobileNetV2 for mmdet's."""
from typing import Dict, Iterator, Tuple

from torch import Tensor

# Blocks of layer1 to layer7, as in Table 2 of the MobileNetV2 paper.
BLOCKS = (1, 2, 3, 4, 3, 3, 1)
CLASSIFIER = 'classifier.'


def _prefixes() -> Iterator[Tuple[str, str]]:
    """Prefix of every convolution and batch norm there and here."""
    yield 'features.0.0.', 'conv1.conv.'
    yield 'features.0.1.', 'conv1.bn.'
    index = 1
    for layer, blocks in enumerate(BLOCKS, 1):
        for block in range(blocks):
            there = f'features.{index}.conv.'
            here = f'layer{layer}.{block}.'
            # The first block does not widen its input.
            names = ['depthwise_conv'] if index == 1 else [
                'expand_conv', 'depthwise_conv']
            for position, name in enumerate(names):
                yield f'{there}{position}.0.', f'{here}{name}.conv.'
                yield f'{there}{position}.1.', f'{here}{name}.bn.'
            yield f'{there}{len(names)}.', f'{here}linear_conv.conv.'
            yield f'{there}{len(names) + 1}.', f'{here}linear_conv.bn.'
            index += 1
    yield f'features.{index}.0.', 'conv2.conv.'
    yield f'features.{index}.1.', 'conv2.bn.'


def mobilenet_v2_from_torchvision(weights: Dict[str, Tensor]
                                  ) -> Dict[str, Tensor]:
    """Weights under the names of mmdet's ``MobileNetV2``.

    The two are the same network: both give the same maps from the same
    weights. The classifier is left out.

    Args:
        weights (dict[str, Tensor]): State of torchvision's
            ``mobilenet_v2``, of any width.

    Returns:
        dict[str, Tensor]: State of mmdet's ``MobileNetV2`` of that width.

    Raises:
        ValueError: If there are other names than torchvision's.
    """
    renamed, unused = {}, set(weights)
    for there, here in _prefixes():
        found = [name for name in weights if name.startswith(there)]
        if not found:
            raise ValueError(
                f'there is no {there}* among the weights: they are not of '
                "torchvision's mobilenet_v2, whose first is "
                'features.0.0.weight; found '
                f'{", ".join(list(weights)[:3]) or "none"}')
        for name in found:
            renamed[here + name[len(there):]] = weights[name]
        unused.difference_update(found)
    strange = [name for name in unused if not name.startswith(CLASSIFIER)]
    if strange:
        raise ValueError(
            f'{len(strange)} weights are not of torchvision\'s mobilenet_v2: '
            f'{", ".join(sorted(strange)[:3])}')
    return renamed
