"""The command that exports, from a config and a checkpoint to a report."""
import json

import pytest
import torch

import mmextra_runtime
from mmextra.apis.export import export_built
from mmextra.apis.export.test_set import verify_ap
from tests import export_helpers as make
from tests.helpers import load_tool


@pytest.fixture(scope='module')
def tool():
    return load_tool('export.py')


def larsd_on(harbour, tmp_path):
    """Config and checkpoint of a small LARSD on a small harbour."""
    model = make.larsd()
    cfg = model.cfg
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.update(
        data_root=f'{harbour}/', ann_file='ImageSets/test.txt')
    cfg.dump(tmp_path / 'small.py')
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'small.pth')
    return str(tmp_path / 'small.py'), str(tmp_path / 'small.pth')


def test_from_config_and_checkpoint_to_a_report(tool, harbour, tmp_path,
                                                capsys):
    torch.manual_seed(0)
    config, checkpoint = larsd_on(harbour, tmp_path)
    out = tmp_path / 'out'
    tool.main([config, checkpoint, '--out', str(out), '--verify-ap',
               '--verify', str(harbour), '--limit', '3'])
    report = json.loads((out / 'report.json').read_text())
    assert report == json.loads(capsys.readouterr().out[
        -len((out / 'report.json').read_text()) - 1:])
    assert report['config']['checkpoint'] == 'small.pth'
    assert report['nms']['where'] == 'runner'
    found = report['verify']
    assert found['images'] == 3
    assert found['matched'] == found['boxes'] > 10
    assert report['verify_ap']['torch']
    assert report['verify_ap']['largest_difference'] < 1e-3
    meta = mmextra_runtime.load(out).meta
    assert meta['classes'] == ['ship']
    assert meta['box']['kind'] == 'rotated'


def test_what_is_wrong_is_one_sentence(tool, tmp_path, capsys):
    for argv, words in (
            (['nowhere.py', 'nowhere.pth'], 'nowhere.py'),
            ([str(make.CONFIGS / 'larsd/synthetic.py'), 'nowhere.pth'],
             'there is no checkpoint nowhere.pth'),
            ([str(make.CONFIGS / 'larsd/synthetic.py'), 'nowhere.pth',
              '--opset', '12'], 'opset must be 16 to 20')):
        with pytest.raises(SystemExit):
            tool.main([*argv, '--out', str(tmp_path / 'out')])
        error = capsys.readouterr().err
        assert words in error and error.startswith('export: ')
        assert len(error.splitlines()) == 1


@pytest.mark.parametrize('policy', [
    dict(mode='scheduler', threshold=1.),
    dict(mode='alternate', interval=2)])
def test_metrics_of_a_stream(moving, tmp_path, policy):
    torch.manual_seed(0)
    # Faint, for many scores of exactly 1 have no order.
    model = make.stream(logits=0.5)
    model.policy = policy
    cfg = model.cfg
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.update(data_root=f'{moving}/')
    export_built(model, cfg, tmp_path)
    found = verify_ap(model, mmextra_runtime.load(tmp_path), cfg)
    assert found['largest_difference'] < 1e-3
    assert (found['torch']['vid/forecast_ratio'] > 0) == (
        policy['mode'] == 'alternate')
