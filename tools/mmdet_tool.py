"""Run any other script of mmdet, with mmextra loaded.

Examples:
    python tools/mmdet_tool.py                      # lists the scripts
    python tools/mmdet_tool.py analysis_tools/get_flops.py CONFIG
"""
import sys

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.utils import stock_tools


def main() -> None:
    names = stock_tools.stock_tool_names()
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ''
    if name not in names:
        problem = f'no script {name!r}' if name else 'no script named'
        sys.exit('\n  '.join([
            f'mmdet_tool.py: {problem}.',
            'usage: python tools/mmdet_tool.py SCRIPT [ARGUMENTS]; '
            'the scripts:', *names]))
    stock_tools.run_stock_tool(name)


# Processes that a script spawns import this file again.
if __name__ == '__main__':
    main()
