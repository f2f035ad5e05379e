import json

import numpy as np
import pytest
import torch
from mmengine.fileio import dump

from mmextra.evaluation.error_analysis.comparison import (
    DrawnAP,
    compare_detectors,
)
from mmextra.evaluation.error_analysis.errors import error_costs, judge
from tests.helpers import load_tool
from tests.scene_helpers import CLASSES, random_scenes, scene

tool = load_tool('analysis_tools/compare_detectors.py')


def test_every_image_once_is_the_ap():
    scenes = random_scenes(np.random.default_rng(0), 20)
    aps = DrawnAP(scenes, 3)(np.ones(20, int))
    expected = error_costs([judge(each) for each in scenes], 3)['ap']
    assert np.mean(aps) == pytest.approx(expected)
    stricter = DrawnAP(scenes, 3, iou_thr=.9)(np.ones(20, int))
    assert (stricter < aps).all()


@pytest.mark.parametrize('seed', range(3))
def test_images_that_count_twice_are_there_twice(seed):
    rng = np.random.default_rng(seed)
    scenes = random_scenes(rng, 8)
    times = rng.integers(0, 3, 8)
    drawn = [each for each, number in zip(scenes, times)
             for _ in range(number)]
    np.testing.assert_allclose(
        DrawnAP(scenes, 3)(times),
        DrawnAP(drawn, 3)(np.ones(len(drawn), int)))


def test_ignored_objects_forgive():
    found = [((0, 0, 10, 10), 0, .9), ((50, 50, 58, 58), 0, .95)]
    truth = [((0, 0, 10, 10), 0), ((40, 40, 60, 60), 0, True)]
    ap = DrawnAP([scene(found, truth)], 1)
    assert ap.objects.tolist() == [[1]]
    assert ap(np.ones(1, int)).tolist() == pytest.approx([1])


def hits(shares, label=0):
    """Images of ten objects; of each a share is found."""
    boxes = [((20 * k, 0, 20 * k + 10, 10), label) for k in range(10)]
    return [scene([(*row, .5) for row in boxes[:round(10 * share)]], boxes)
            for share in shares]


def test_differences_and_their_intervals():
    shares = np.random.default_rng(0).choice([.2, .5, .8], 40)
    rows = compare_detectors([hits(shares + .2)], [hits(shares)], CLASSES)
    assert set(rows) == {'a', 'mean'}
    assert rows['a'] == rows['mean'] and rows['a']['objects'] == 400
    # Every image is better by as much, so the images do not matter...
    assert rows['a']['value'] == pytest.approx(.2, abs=.01)
    assert rows['a']['low'] > .18 and rows['a']['high'] < .22
    # ... which they do where the detectors are good on different ones.
    other = compare_detectors([hits(shares)], [hits(shares[::-1])], CLASSES)
    assert other['a']['value'] == pytest.approx(0)
    assert other['a']['low'] < -.05 and other['a']['high'] > .05
    # Several trainings count as their mean.
    both = compare_detectors([hits(shares + .2), hits(shares)],
                             [hits(shares)], CLASSES)
    assert both['a']['value'] == pytest.approx(rows['a']['value'] / 2)
    assert compare_detectors([hits(shares)], [hits(shares)], CLASSES)[
        'a']['high'] == 0


def test_classes_are_chosen_and_rare_ones_may_be_absent_from_a_draw():
    first = hits([.5] * 9) + hits([.9], label=2)
    second = hits([.5] * 9) + hits([.3], label=2)
    rows = compare_detectors([first], [second], CLASSES, draws=200)
    assert set(rows) == {'a', 'c', 'mean'}
    assert rows['mean']['value'] == pytest.approx(rows['c']['value'] / 2)
    assert all(np.isfinite(list(row.values())).all()
               for row in rows.values())
    only = compare_detectors([first], [second], CLASSES, only=['a'])
    assert set(only) == {'a', 'mean'} and only['mean']['value'] == 0
    with pytest.raises(ValueError, match='no class boat; the classes are a'):
        compare_detectors([first], [second], CLASSES, only=['boat'])
    with pytest.raises(ValueError, match='no image has an object'):
        compare_detectors([first], [second], CLASSES, only=['b'])


def test_the_tool(tmp_path, capsys):
    images, annotations, files = [], [], {}
    for k in range(4):
        images.append(dict(id=k, file_name=f'{k}.png', width=200, height=99))
        annotations.append(dict(id=k, image_id=k, category_id=1, iscrowd=0,
                                area=400, bbox=[10, 10, 20, 20]))
    ann = tmp_path / 'val.json'
    ann.write_text(json.dumps(dict(
        images=images, annotations=annotations,
        categories=[dict(id=1, name='car')])))
    config = tmp_path / 'config.py'
    config.write_text(
        "default_scope = 'mmdet'\n"
        "test_dataloader = dict(dataset=dict(type='CocoDataset', "
        f"ann_file={str(ann)!r}, metainfo=dict(classes=('car', )), "
        "data_prefix=dict(img=''), test_mode=True, pipeline=[]))\n")
    for name, shift in (('good', 0.), ('bad', 15.)):
        files[name] = tmp_path / f'{name}.pkl'
        dump([dict(img_id=k, ori_shape=(99, 200), pred_instances=dict(
            bboxes=torch.tensor([[10., 10, 30, 30]]) + shift * (k % 2),
            scores=torch.tensor([.9]), labels=torch.tensor([0])))
            for k in range(4)], str(files[name]))
    out = tmp_path / 'rows.json'
    tool.main([str(config), '--first', str(files['good']), '--second',
               str(files['bad']), '--out', str(out), '--draws', '50'])
    row = json.loads(out.read_text())['car']
    assert (row['objects'], row['first']) == (4, 1)
    assert .2 < row['second'] < .6
    # Nothing but the table, which a benchmark shows on its page.
    printed = capsys.readouterr().out
    assert printed.startswith('┏') and 'index' not in printed
    assert 'These are 4 images' in printed
    line = next(line for line in printed.splitlines() if 'car' in line)
    assert '100.0' in line and f'{100 * row["value"]:+.1f}' in line
    with pytest.raises(SystemExit, match='iou_thr must be .* got 50'):
        tool.main([str(config), '--first', str(files['good']), '--second',
                   str(files['bad']), '--iou-thr', '50'])
    with pytest.raises(SystemExit, match=r'no\.pkl'):
        tool.main([str(config), '--first', str(tmp_path / 'no.pkl'),
                   '--second', str(files['bad'])])
