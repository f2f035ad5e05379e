"""How the package's own classes are called."""
import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST = 8


def many_positional(source: str) -> list:
    """Classes whose constructor takes more than ``MOST`` arguments, of which
    more than two may be given without their names."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ClassDef):
            continue
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and \
                    method.name == '__init__':
                given = method.args
                positional = len(given.posonlyargs) + len(given.args) - 1
                if positional + len(given.kwonlyargs) > MOST and \
                        positional > 2:
                    found.append(f'{node.name}: {positional}')
    return found


def test_long_constructors_want_names():
    wrong = [f'{path.relative_to(ROOT)} {each}'
             for path in sorted((ROOT / 'mmextra').rglob('*.py'))
             for each in many_positional(path.read_text(encoding='utf-8'))]
    assert wrong == []


@pytest.mark.parametrize('arguments, count', [
    ('a, b, *, c, d, e, f, g, h, i', 0),
    ('a, b, c, d, e, f, g, h', 0),
    ('a, b, c, d, e, f, g, h, i', 1),
    ('a, b, c, *, d, e, f, g, h, i', 1),
])
def test_a_long_constructor_is_found(arguments, count):
    assert len(many_positional(
        f'class A:\n    def __init__(self, {arguments}):\n        pass'
    )) == count


def test_no_file_is_too_long():
    long = [f'{path.relative_to(ROOT)}: {lines}'
            for path in sorted((ROOT / 'mmextra').rglob('*.py'))
            for lines in [len(path.read_text(encoding='utf-8').splitlines())]
            if lines > 400]
    assert long == []
