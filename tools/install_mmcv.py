"""Build and install mmcv, with its compiled ops, for the torch that is here.

Examples:
    python tools/install_mmcv.py                   # CPU or CUDA, as torch is
    python tools/install_mmcv.py --arch 9.0        # CUDA for Hopper
    python tools/install_mmcv.py --wheel-dir DIR   # reuse or keep wheels here
"""
import sys
from pathlib import Path

# The only tool that runs before mmextra is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmextra_stack.install_mmcv import main  # noqa: E402

if __name__ == '__main__':
    main(description=__doc__)
