"""Test a detector: mmdet's own script, with mmextra loaded.

Example:
    python tools/test.py configs/larsd/synthetic.py CHECKPOINT.pth
"""
import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.utils.stock_tools import run_stock_tool

# Processes that a metric spawns import this file again.
if __name__ == '__main__':
    run_stock_tool('test.py')
