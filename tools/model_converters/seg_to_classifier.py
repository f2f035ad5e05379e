"""Make the start of a classifier's training from a segmentation checkpoint.

Research only, not a medical device. load_from does the same, but also takes a
checkpoint of another depth, of which it loads what fits and logs the rest.
Here every weight of the classifier but those of img_head must be in the
checkpoint, with the same shape; mask modules are left out.

Example:
    python tools/model_converters/seg_to_classifier.py \
        configs/covid_ct_mask_net/covidx-r18_t1.py \
        work_dirs/cncb-r18_t1/epoch_100.pth classifier_start.pth
"""
import argparse
import sys
from pathlib import Path
from typing import Dict, List, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mmextra  # noqa: E402, F401 isort: skip
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from mmextra.utils.weight_converter import run_converter  # noqa: E402

HEAD = 'img_head.'
DROPPED = ('roi_head.mask_head.', 'roi_head.mask_roi_extractor.')


def convert(weights: Dict[str, Tensor], model: nn.Module
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


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog=Path(__file__).stem, description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='of the classifier')
    parser.add_argument('checkpoint', help='of the segmentation model')

    def made(model: nn.Module, args: argparse.Namespace) -> Dict[str, Tensor]:
        loaded = torch.load(
            args.checkpoint, map_location='cpu', weights_only=True)
        return convert(loaded.get('state_dict', loaded), model)

    run_converter(parser, made, argv, f', without {HEAD[:-1]}')


if __name__ == '__main__':
    main()
