"""What tools that make weights for a config's model have in common."""
import argparse
from pathlib import Path
from pickle import UnpicklingError
from typing import Callable, Dict, Optional, Sequence

import torch
from mmengine.config import Config
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from .untrained_model import build_untrained

Weights = Dict[str, Tensor]


def load_weights(checkpoint: str) -> Weights:
    """The weights of a checkpoint, or of a file that holds nothing else."""
    loaded = torch.load(checkpoint, map_location='cpu')
    return loaded.get('state_dict', loaded)


def convert_file(source: str, out: Path,
                 convert: Callable[[Weights], Weights]) -> int:
    """Convert the weights of a checkpoint, of whatever model.

    Args:
        source (str): A file or an address, as mmengine takes it.
        out (Path): The file to write.
        convert (Callable): From the weights to others.

    Returns:
        int: Number of tensors written.

    Raises:
        ValueError: If they cannot be read or converted; ``source`` is named.
    """
    try:
        loaded = CheckpointLoader.load_checkpoint(source, 'cpu')
        converted = convert(loaded.get('state_dict', loaded))
    except (OSError, ValueError, RuntimeError, ImportError,
            UnpicklingError) as error:
        raise ValueError(f'{source}: {error}') from error
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(converted, out)
    return len(converted)


def run_converter(parser: argparse.ArgumentParser,
                  convert: Callable[[nn.Module, argparse.Namespace], Weights],
                  argv: Optional[Sequence[str]] = None,
                  note: str = '') -> None:
    """Command line that writes a checkpoint, or says why it cannot.

    Args:
        parser (argparse.ArgumentParser): With ``config`` among its
            arguments; ``out``, the checkpoint, is added as the last.
        convert (Callable): From the config's model and the arguments to the
            weights.
        argv (Sequence[str], optional): The command line.
        note (str): Printed behind the number of tensors.
    """
    parser.add_argument('out', type=Path)
    args = parser.parse_args(argv)
    try:
        weights = convert(build_untrained(Config.fromfile(args.config)), args)
    except (OSError, ValueError, RuntimeError, UnpicklingError) as error:
        parser.exit(1, f'{parser.prog}: {error}\n')
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(state_dict=weights), args.out)
    print(f'{args.out}: {len(weights)} tensors{note}')
