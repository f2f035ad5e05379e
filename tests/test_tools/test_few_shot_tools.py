import json
from pathlib import Path

import pytest
import torch

from mmextra.apis.model_converters import widen
from mmextra.datasets.few_shot.split_file import choose, count, rest_of
from tests.helpers import load_tool

ROOT = Path(__file__).parents[2]


COCO = dict(
    images=[dict(id=i, file_name=f'{i}.png', width=50, height=50)
            for i in range(5)],
    annotations=[
        dict(id=i, image_id=i % 5, category_id=1 + i % 2, iscrowd=i == 8,
             bbox=[i, i, 10 + i, 10], area=100 + 10 * i)
        for i in range(9)
    ],
    categories=[dict(id=1, name='cat'), dict(id=2, name='dog'),
                dict(id=3, name='eel')])


def test_split(tmp_path, capsys):
    module = load_tool('few_shot/make_few_shot_split.py')
    source, out = tmp_path / 'all.json', tmp_path / 'deep' / 'few.json'
    source.write_text(json.dumps(COCO))
    module.main([str(source), str(out), '--shots', '3'])
    few = json.loads(out.read_text())
    assert count(few) == dict(cat=3, dog=3)
    assert 'without any box: eel' in capsys.readouterr().out
    assert {a['image_id'] for a in few['annotations']} == {
        i['id'] for i in few['images']}
    assert few['categories'] == COCO['categories']
    one, = rest_of(COCO, few)
    halves = rest_of(COCO, choose(COCO, 1), 2)
    ids = [[i['id'] for i in part['images']] for part in halves]
    assert len(ids[0] + ids[1]) == len(set(ids[0] + ids[1])) == 3
    assert all(a['image_id'] in own for own, part in zip(ids, halves)
               for a in part['annotations'])
    assert len(one['images']) + len(few['images']) == 5
    smaller = choose(COCO, 2)
    assert {a['id'] for a in smaller['annotations']} < {
        a['id'] for a in few['annotations']}
    # The crowd is not counted: four cats are left.
    module.main([str(source), str(out), '--shots', '9', '--classes', 'cat'])
    assert 'cat: 4 (fewer than 9' in capsys.readouterr().out
    assert count(choose(COCO, 9, min_area=130)) == dict(
        cat=2, dog=3)
    with pytest.raises(SystemExit, match='gnu'):
        module.main([str(source), str(out), '--shots', '1', '--classes',
                     'gnu'])
    # A split of COCO stands for its classes, of which none is here.
    with pytest.raises(SystemExit, match='motorcycle'):
        module.main([str(source), str(out), '--shots', '1', '--classes',
                     'NOVEL_CLASSES'])
    with pytest.raises(SystemExit, match='all.jsn'):
        module.main([str(tmp_path / 'all.jsn'), str(out), '--shots', '1'])


def test_split_is_the_data_sets_choice(tmp_path):
    from mmdet.registry import DATASETS
    from mmdet.utils import register_all_modules
    register_all_modules()
    (tmp_path / 'all.json').write_text(json.dumps(COCO))
    dataset = DATASETS.build(dict(
        type='FewShotCocoDataset', data_root=str(tmp_path),
        ann_file='all.json', classes=('cat', 'dog'),
        ann_shot_filter=dict(cat=2, dog=2), shot_seed=5))
    chosen = choose(COCO, 2, 5, ('cat', 'dog'))
    boxes = {tuple(i['bbox'][:2]) for d in range(len(dataset))
             for i in dataset.get_data_info(d)['instances']}
    assert boxes == {tuple(a['bbox'][:2]) for a in chosen['annotations']}


def test_more_classes():
    torch.manual_seed(0)
    state = {
        'roi_head.bbox_head.fc_cls.weight': torch.randn(3, 4),
        'roi_head.bbox_head.fc_reg.weight': torch.randn(8, 4),
        'roi_head.bbox_head.fc_reg.bias': torch.randn(8),
        'backbone.conv1.weight': torch.randn(2, 2)
    }
    wide = widen(state, ['a', 'b'], ['b', 'x', 'a'])
    cls, reg, bias = (wide[k] for k in list(state)[:3])
    assert cls.shape == (4, 4) and reg.shape == (12, 4) and len(bias) == 12
    old = state['roi_head.bbox_head.fc_cls.weight']
    assert torch.equal(cls[[2, 0, 3]], old)  # a, b and the background
    assert torch.equal(
        reg[8:12], state['roi_head.bbox_head.fc_reg.weight'][:4])
    assert torch.equal(bias[:4], state['roi_head.bbox_head.fc_reg.bias'][4:])
    assert (bias[4:8] == 0).all() and 0 < cls[1].abs().max() < .1
    assert wide['backbone.conv1.weight'] is state['backbone.conv1.weight']
    novel = {key: torch.full((2 if 'cls' in key else 4, 4), 7.)
             for key in state if 'weight' in key}
    novel['roi_head.bbox_head.fc_reg.bias'] = torch.full((4, ), 7.)
    both = widen(state, ['a', 'b'], ['b', 'x', 'a'], novel, ['x'])
    assert (both['roi_head.bbox_head.fc_cls.weight'][1] == 7).all()
    assert torch.equal(both['roi_head.bbox_head.fc_cls.weight'][2], old[0])
    with pytest.raises(ValueError, match=r"\['b'\]"):
        widen(state, ['a', 'b'], ['a', 'x'])
    with pytest.raises(ValueError, match='3 classes'):
        widen(state, ['a', 'b', 'c'], ['a', 'b', 'c', 'd'])


def test_benchmark_of_the_graph():
    module = load_tool('analysis_tools/benchmark_few_shot.py')
    rows = module.main(
        ['gcn', '--query', '200', '--support', '30', '--channels', '16',
         '--width', '8', '--classes', '3', '--rounds', '1'])
    assert [row['form'] for row in rows] == [
        'textbook', 'dense', 'cache', 'stream', 'dense', 'block']
    for row in rows[:4]:
        single, double = row['differences']
        assert 0 < single < 1e-5 and double < 1e-12
    assert 0 < rows[5]['differences'][0] < 1e-4
    assert rows[0]['seconds_ratio'] == rows[4]['mib_ratio'] == 1
    # What they are for, even at this size.
    assert rows[2]['mib_ratio'] < .5 and rows[3]['mib_ratio'] < .5


def test_benchmark_of_detectors():
    module = load_tool('analysis_tools/benchmark_few_shot.py')
    configs = ROOT / 'configs' / 'gcn_fsod'
    rows = module.main([
        'detector', str(configs / 'synthetic-attention_rpn.py'),
        str(configs / 'synthetic.py'), '--classes', '2', '--rounds', '1',
        '--image', '48', '64'])
    assert [row['form'] for row in rows] == [
        'synthetic-attention_rpn', 'synthetic']
    assert all(row['seconds'] > 0 and row['mib'] > 0 for row in rows)
    with pytest.raises(SystemExit):
        module.main(['detector'])
