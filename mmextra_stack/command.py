"""The ``mmextra`` command: one door to each of the tools."""
import runpy
import sys
from pathlib import Path
from typing import List, Optional

from . import doctor
from .families import installed, resources

# door: (script in tools/, what it does)
DOORS = {
    'train': ('train.py', 'train a detector'),
    'test': ('test.py', 'test a detector'),
    'demo': ('image_demo.py', 'detect on pictures, large ones in tiles'),
    'analyze': ('analysis_tools/analyze_errors.py',
                'kinds of error of a detector, and what each costs'),
    'stream': ('stream_demo.py', 'detect on a video or camera as it comes'),
    'benchmark': ('run_benchmark.py', 'train and test configs of the papers'),
    'table': ('benchmark_table.py', 'benchmark tables of finished runs'),
    'synthetic': ('make_synthetic.py', 'write a synthetic data set'),
    'export': ('export.py', 'write a detector as ONNX'),
    'mmdet': ('mmdet_tool.py', 'run another script of mmdet'),
    'install-mmcv': ('install_mmcv.py', 'build mmcv for the torch installed'),
}


def usage() -> str:
    """What the command says without arguments."""
    width = max(map(len, (*DOORS, 'doctor')))
    lines = ['usage: mmextra COMMAND [ARGUMENTS]', '']
    lines += [f'  {name:<{width}}  {text}'
              for name, (_, text) in DOORS.items()]
    lines += [
        f'  {"doctor":<{width}}  print the stack and what is missing in it',
        f'  {"tool":<{width}}  run any script by its path in tools/', '',
        'Configs are files, or named as in the repository: '
        'larsd/synthetic.py.', '"mmextra COMMAND --help" tells more.']
    return '\n'.join(lines)


def find_config(argument: str) -> str:
    """The path of a packaged config that is named and not there as a file.

    Args:
        argument (str): Any argument of a tool.

    Returns:
        str: ``larsd/hrsd.py`` or ``configs/larsd/hrsd.py`` as the file that
        mmextra brings; everything else as it is.
    """
    if argument.startswith('-') or not argument.endswith('.py') or \
            Path(argument).exists():
        return argument
    name = argument[8:] if argument.startswith('configs/') else argument
    packaged = resources() / 'configs' / name
    return str(packaged) if packaged.is_file() else argument


def run_tool(script: str, arguments: List[str]) -> None:
    """Run a script of ``tools`` as if it had been called by its path."""
    path = resources() / 'tools' / script
    if not path.is_file():
        scripts = sorted(
            str(found.relative_to(resources() / 'tools'))
            for found in (resources() / 'tools').rglob('*.py'))
        sys.exit('\n  '.join([
            f'mmextra: no script {script!r} in tools; there are', *scripts]))
    sys.argv = [str(path), *map(find_config, arguments)]
    # As python does for a script; its neighbours are found.
    sys.path.insert(0, str(path.parent))
    runpy.run_path(str(path), run_name='__main__')


def main(argv: Optional[List[str]] = None) -> None:
    """Entry point of the console command.

    Args:
        argv (list[str], optional): The arguments; None: the command line's.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    name = arguments.pop(0) if arguments else '--help'
    if name in ('-h', '--help'):
        print(usage())
    elif name in ('-V', '--version'):
        print(f'mmextra {installed("mmextra") or "(not installed)"}')
    elif name == 'doctor':
        sys.exit(doctor.main(arguments))
    elif name == 'tool':
        run_tool(arguments[0] if arguments else '', arguments[1:])
    elif name in DOORS:
        run_tool(DOORS[name][0], arguments)
    else:
        sys.exit(f'mmextra: no command {name!r}\n{usage()}')
