"""Test a detector: mmdet's own script, with mmextra loaded.

Example:
    python tools/test.py configs/larsd/synthetic.py CHECKPOINT.pth
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmextra.utils.stock_tools import run_stock_tool  # noqa: E402

# Processes that a metric spawns import this file again.
if __name__ == '__main__':
    run_stock_tool('test.py')
