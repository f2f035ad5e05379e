
import pytest

from tests.helpers import load_tool


@pytest.fixture(scope='module')
def tool():
    return load_tool('make_synthetic.py')


def test_writes_and_reports(tool, tmp_path, capsys):
    args = ['harbour', str(tmp_path / 'a'), '--num-train', '2', '--num-val',
            '1', '--num-test', '0', '--image-size', '80', '--seed', '4']
    tool.main(args)
    assert '"train_images": 2' in capsys.readouterr().out
    assert len(list(tmp_path.rglob('*.bmp'))) == 3
    with pytest.raises(SystemExit, match='--force'):
        tool.main(args[:-1] + ['5'])
    tool.main(args[:-1] + ['5', '--force'])


def test_unknown_name(tool, capsys):
    with pytest.raises(SystemExit):
        tool.main(['harbor', 'x'])
    assert 'harbour' in capsys.readouterr().err
