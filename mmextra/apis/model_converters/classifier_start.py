"""What a classifier's training starts from: a segmentation model's weights.

Research only, not a medical device.
"""
from typing import Dict

from torch import Tensor, nn

HEAD = 'img_head.'
DROPPED = ('roi_head.mask_head.', 'roi_head.mask_roi_extractor.')


def to_classifier(weights: Dict[str, Tensor], model: nn.Module
                  ) -> Dict[str, Tensor]:
    """The weights of a segmentation model that a classifier starts from.

    Args:
        weights (dict[str, Tensor]): State of the segmentation model.
        model (nn.Module): The classifier.

    Returns:
        dict[str, Tensor]: State of the classifier without ``img_head``.

    Raises:
        ValueError: If names or shapes differ; the first of each are named.
    """
    wanted = {name: value.shape for name, value in model.state_dict().items()
              if not name.startswith(HEAD)}
    given = {name: value for name, value in weights.items()
             if not name.startswith(DROPPED)}
    problems = []
    for what, names in (
            ('missing in the checkpoint', sorted(wanted.keys() - given)),
            ('not in the classifier', sorted(given.keys() - wanted)),
            ('of another shape', [
                f'{name} {tuple(given[name].shape)} instead of '
                f'{tuple(wanted[name])}' for name in wanted
                if name in given and given[name].shape != wanted[name]])):
        if names:
            problems.append(f'{len(names)} {what}: {", ".join(names[:3])}')
    if problems:
        raise ValueError(
            'the checkpoint is not of this classifier\'s detector: '
            + '; '.join(problems))
    return given
