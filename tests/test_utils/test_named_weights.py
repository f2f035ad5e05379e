"""Weights by name: found, checked, whole, and of the model they claim."""
import pytest
import torch
from helpers import ROOT, load_tool
from mmengine.config import Config
from mmengine.runner import load_checkpoint

from mmextra.utils import find_weights, published_weights
from mmextra.utils.named_weights import (
    FOLDER_VARIABLE,
    PREFIX,
    load_from_mmextra,
    published_checkpoint,
)
from mmextra.utils.untrained_model import build_untrained

MIB = 2 ** 20
NAMES = list(published_weights())
FOLDER = ROOT / 'weights'


def test_every_file_is_in_a_metafile_small_and_on_the_page():
    files = {path.stem: path for path in FOLDER.glob('*.pth')
             if path.name != 'mobilenet_v2.pth'}
    assert sorted(files) == sorted(NAMES)
    assert all(path.stat().st_size < 10 * MIB for path in files.values())
    assert sum(path.stat().st_size for path in files.values()) < 60 * MIB
    page = (FOLDER / 'README.md').read_text()
    assert [name for name in NAMES if f'`{PREFIX}{name}`' not in page] == []


@pytest.mark.parametrize('name', NAMES)
def test_the_weights_are_those_of_their_config(name):
    saved = torch.load(find_weights(name), weights_only=True)
    assert set(saved) == {'state_dict', 'meta'}
    assert all(value.dtype == torch.float16
               for value in saved['state_dict'].values()
               if value.is_floating_point())
    config = Config.fromfile(ROOT / published_weights()[name].config)
    model = build_untrained(config)
    load_checkpoint(model, PREFIX + name, strict=True)
    state = model.state_dict()
    assert all(torch.equal(state[key], value.to(state[key].dtype))
               for key, value in saved['state_dict'].items())


def test_other_names_other_files_and_absent_files_are_told(
        monkeypatch, tmp_path):
    with pytest.raises(ValueError, match=f'{PREFIX}{NAMES[0]}'):
        find_weights(PREFIX + 'larsd_hrsd_of_tomorrow')
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        find_weights(NAMES[0])
    file = published_weights()[NAMES[0]].file
    content = (FOLDER / file).read_bytes()
    (tmp_path / file).write_bytes(content[:-1] + b'?')
    with pytest.raises(ValueError, match='SHA-256'):
        load_from_mmextra(PREFIX + NAMES[0])
    (tmp_path / file).write_bytes(content)
    loaded = load_from_mmextra(PREFIX + NAMES[0])['state_dict']
    assert all(value.dtype != torch.float16 for value in loaded.values())


def test_a_wheel_without_the_folder_says_where_to_take_it(monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr('mmextra.utils.named_weights.checkout',
                        lambda: None)
    with pytest.raises(FileNotFoundError, match=FOLDER_VARIABLE):
        find_weights(NAMES[0])


def test_publishing_halves_the_weights_and_drops_the_rest(tmp_path, capsys):
    base = torch.arange(1000.)
    checkpoint = dict(
        state_dict=dict(weight=base[:2], steps=torch.tensor(3)),
        optimizer=dict(state=base), ema_state_dict=dict(weight=base),
        meta=dict(dataset_meta=dict(classes=('a', 'b'), palette=[1]),
                  cfg='text', seed=0))
    torch.save(checkpoint, tmp_path / 'epoch_1.pth')
    tool = load_tool('model_converters/publish_weights.py')
    tool.main([str(tmp_path / 'epoch_1.pth'), str(tmp_path / 'out/a.pth')])
    assert 'SHA-256' in capsys.readouterr().out
    saved = torch.load(tmp_path / 'out/a.pth', weights_only=True)
    assert saved['meta'] == dict(dataset_meta=dict(classes=('a', 'b')))
    assert saved['state_dict']['weight'].tolist() == [0, 1]
    assert saved['state_dict']['weight'].dtype == torch.float16
    assert saved['state_dict']['steps'].dtype == torch.int64
    assert (tmp_path / 'out/a.pth').stat().st_size < 4000


def test_a_value_beyond_half_precision_is_refused():
    with pytest.raises(ValueError, match='^bad does not fit.*1e[+]05'):
        published_checkpoint(dict(state_dict=dict(bad=torch.tensor([1e5]))))
