"""The cells of the notebooks run, one after the other, in this process."""
import json

import matplotlib.pyplot as plt
import pytest

from tests.helpers import ROOT

NOTEBOOKS = sorted((ROOT / 'docs' / 'notebooks').glob('*.ipynb'))


def test_every_paper_has_one():
    papers = {path.parent.name for path in ROOT.glob('configs/*/README.md')}
    assert {path.stem for path in NOTEBOOKS} == papers


@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_run(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cells = json.loads(path.read_text())['cells']
    # Outputs would tell of another machine.
    assert not any(cell.get('outputs') for cell in cells)
    space = {'__name__': '__main__'}
    for cell in cells:
        if cell['cell_type'] == 'code':
            source = ''.join(cell['source'])
            exec(compile(source, path.name, 'exec'), space)
    plt.close('all')
    assert 'boxes' in capsys.readouterr().out
