"""Train a detector: mmdet's own script, with mmextra loaded.

Example:
    python tools/train.py configs/larsd/synthetic.py
"""
import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.utils.stock_tools import run_stock_tool

# Processes that a metric spawns import this file again.
if __name__ == '__main__':
    run_stock_tool('train.py')
