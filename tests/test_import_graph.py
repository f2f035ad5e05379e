"""Which sub-package may import which: the floors of the house."""
import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# A floor may import those that stand before it, and no other. Two floors
# of one row know nothing of each other.
FLOORS = [('utils', ), ('structures', ),
          ('datasets', 'models', 'visualization'), ('synthetic', ),
          ('evaluation', ), ('engine', ), ('apis', )]
LEVEL = {name: level for level, row in enumerate(FLOORS) for name in row}
# What importing the package itself needs.
ENTRANCE = {'__init__', 'compat', 'version'}


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def imports(path: Path, root: Path) -> set:
    """Full names of what a file imports, wherever in the file."""
    found = set()
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] \
                if node.level else ()
            base = '.'.join((*base, node.module) if node.module else base)
            found.add(base)
            found.update(f'{base}.{alias.name}' for alias in node.names)
    return found


def forbidden(root: Path) -> list:
    """Arrows upwards or sideways, as texts."""
    wrong = []
    for path in sorted((root / 'mmextra').rglob('*.py')):
        own = path.relative_to(root / 'mmextra').with_suffix('').parts[0]
        if own in ENTRANCE:
            continue
        for name in imports(path, root):
            parts = name.split('.')
            if parts[0] != 'mmextra' or len(parts) == 1:
                continue
            other = parts[1]
            if other == own or other in ENTRANCE:
                continue
            if LEVEL.get(other, 99) >= LEVEL[own]:
                wrong.append(f'{module_name(path, root)} imports {name}')
    return wrong


def circles(root: Path) -> list:
    """Modules that import each other at their top level."""
    graph = {}
    for path in (root / 'mmextra').rglob('*.py'):
        graph[module_name(path, root)] = {
            name for name in imports(path, root)
            if name.startswith('mmextra.')}
    graph = {module: {name for name in names
                      if name in graph and name != module
                      # A package that a module belongs to lists it.
                      and not module.startswith(name + '.')}
             for module, names in graph.items()}
    found, done = [], set()

    def visit(module: str, way: tuple) -> None:
        if module in way:
            found.append(way[way.index(module):] + (module, ))
        elif module not in done:
            for name in sorted(graph[module]):
                if not name.startswith(module + '.'):
                    visit(name, (*way, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())
    return found


def test_every_floor_is_in_the_table():
    rooms = {path.name for path in (ROOT / 'mmextra').iterdir()
             if path.is_dir() and any(path.glob('*.py'))}
    assert rooms == set(LEVEL)


def test_arrows_point_down():
    assert forbidden(ROOT) == []


def test_no_circles():
    assert circles(ROOT) == []


@pytest.mark.parametrize('line, where', [
    ('from mmextra.evaluation import metrics', 'datasets/a.py'),
    ('from ..evaluation.metrics import a', 'datasets/a.py'),
    ('def f():\n    import mmextra.apis', 'engine/hooks/a.py'),
    ('from mmextra.models import a', 'utils/a.py'),
])
def test_an_arrow_upwards_is_found(tmp_path, line, where):
    path = tmp_path / 'mmextra' / where
    path.parent.mkdir(parents=True)
    path.write_text(line)
    assert len(forbidden(tmp_path)) >= 1


def test_a_circle_is_found(tmp_path):
    folder = tmp_path / 'mmextra' / 'models'
    folder.mkdir(parents=True)
    (folder / 'a.py').write_text('from .b import x')
    (folder / 'b.py').write_text('def f():\n    from . import a')
    assert len(circles(tmp_path)) == 1


def test_scripts_do_not_import_what_is_private():
    wrong = [f'{path.name}: {name}'
             for folder in ('tools', 'mmextra/apis')
             for path in sorted((ROOT / folder).rglob('*.py'))
             for name in imports(path, ROOT)
             if name.startswith('mmextra.')
             and any(part.startswith('_') and not part.endswith('__')
                     for part in name.split('.')[1:])]
    assert wrong == []
