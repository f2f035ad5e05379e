"""The command that exports, from a config and a checkpoint to a report."""
import json

import numpy as np
import onnx
import pytest
import torch

import mmextra_runtime
from mmextra.apis.export import ExportError, export_built
from mmextra.apis.export.quantize import quantize
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


def test_eight_bits(tool, harbour, tmp_path, capsys):
    torch.manual_seed(0)
    config, checkpoint = larsd_on(harbour, tmp_path)
    folders = [tmp_path / name for name in ('single', 'eight')]
    for folder, more in zip(folders, ([], ['--int8', str(harbour)])):
        tool.main([config, checkpoint, '--out', str(folder), *more])
    assert json.loads((folders[1] / 'meta.json').read_text())[
        'config']['int8'] > 3
    graph = onnx.load(str(folders[1] / 'model.onnx')).graph
    makers = {name: node.op_type for node in graph.node
              for name in node.output}
    inside = {node.name: makers.get(node.input[1]) == 'DequantizeLinear'
              for node in graph.node if node.op_type == 'Conv'}
    single = [name for name, eight in inside.items() if not eight]
    # The two that predict, on each of the levels.
    assert single and all('conv_cls' in name or 'conv_reg' in name
                          for name in single)
    assert sum(inside.values()) > 20
    image = next(harbour.rglob('*.bmp'))
    first, second = (mmextra_runtime.load(each)(image) for each in folders)
    assert len(first) > 5 and abs(len(first) - len(second)) <= 0.3 * len(
        first)
    np.testing.assert_allclose(first.scores[:5], second.scores[:5], atol=.1)
    assert not np.array_equal(first.scores[:5], second.scores[:5])


def test_what_eight_bits_refuse(tool, harbour, tmp_path, capsys):
    config, checkpoint = larsd_on(harbour, tmp_path)
    for argv, words in ((['--int8', str(harbour), '--fp16'], '--fp16'),
                        (['--int8', 'nowhere'], 'no image nowhere')):
        with pytest.raises(SystemExit):
            tool.main([config, checkpoint, '--out', str(tmp_path / 'out'),
                       *argv])
        assert words in capsys.readouterr().err
    model = make.stream()
    export_built(model, model.cfg, tmp_path / 'stream')
    with pytest.raises(ExportError, match="task 'stream'"):
        quantize(tmp_path / 'stream', harbour)
    model = make.faster_rcnn()
    export_built(model, model.cfg, tmp_path / 'two')
    with pytest.raises(ExportError, match='single stages'):
        quantize(tmp_path / 'two', harbour)
