"""Errors of the package on their way out of a worker process."""
import ast
import importlib
import inspect
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def error_classes() -> list:
    """Module and name of every class of errors in the package."""
    found = []
    for path in sorted((ROOT / 'mmextra').rglob('*.py')):
        for node in ast.parse(path.read_text(encoding='utf-8')).body:
            bases = [base.id for base in getattr(node, 'bases', ())
                     if isinstance(base, ast.Name)]
            if isinstance(node, ast.ClassDef) and any(
                    base.endswith(('Error', 'Exception')) for base in bases):
                module = path.relative_to(ROOT).with_suffix('')
                found.append(('.'.join(module.parts), node.name))
    return found


def make(module: str, name: str) -> Exception:
    """One of a class, with a text for every argument without default."""
    kind = getattr(importlib.import_module(module), name)
    arguments = [] if kind.__init__ in (
        ValueError.__init__, RuntimeError.__init__) else [
        key for key, each in list(inspect.signature(
            kind.__init__).parameters.items())[1:]
        if each.default is each.empty and each.kind == each.
        POSITIONAL_OR_KEYWORD]
    return kind(*(arguments or ['what', 'else']))


def fail(module: str, name: str) -> None:
    raise make(module, name)


def test_every_error_survives_a_process_pool():
    classes = error_classes()
    assert ('mmextra.datasets.bad_input', 'AnnotationError') in classes
    with ProcessPoolExecutor(1) as pool:
        for module, name in classes:
            wanted = make(module, name)
            # Where it cannot be unpickled, the pool breaks, or hangs.
            with pytest.raises(type(wanted)) as caught:
                pool.submit(fail, module, name).result(timeout=120)
            assert str(caught.value) == str(wanted)
            assert vars(caught.value).keys() >= vars(wanted).keys()
