"""Classified images of several folds, and the tool that tells of them."""
import json

import numpy as np
import pytest
import torch
from mmengine.fileio import dump

from mmextra.evaluation.functional.pooled_folds import (
    ClassifiedImages,
    accuracy,
    group_interval,
    read_folds,
    roc_auc,
    sensitivity,
)
from tests.helpers import load_tool

pool_folds = load_tool('analysis_tools/pool_folds.py')


def write_fold(path, slices, seed, classes=2):
    """Three windows of each slice, whose scores are right three in four."""
    rng = np.random.default_rng(seed)
    samples = []
    for name in slices:
        for _ in range(3):
            label = int(rng.integers(classes))
            scores = rng.random(classes)
            if rng.random() < .75:
                scores[label] += 1
            samples.append(dict(
                img_path=f'imgs/{name}.jpg', img_label=label,
                pred_img_scores=torch.from_numpy(scores)))
    dump(samples, str(path))
    return samples


def test_measures_of_both_folds(tmp_path):
    files = [tmp_path / 'fold0.pkl', tmp_path / 'fold1.pkl']
    samples = write_fold(files[0], range(10), 0) + \
        write_fold(files[1], range(10, 17), 1)
    images = read_folds(files)
    assert len(images.truth) == 51 and images.num_groups == 17
    right = [int(each['pred_img_scores'].argmax()) == each['img_label']
             for each in samples]
    assert accuracy(images) == pytest.approx(sum(right) / 51)
    for label in range(2):
        mine = [ok for ok, each in zip(right, samples)
                if each['img_label'] == label]
        assert sensitivity(label)(images) == pytest.approx(
            sum(mine) / len(mine))
        pairs = [(float(a['pred_img_scores'][label]),
                  float(b['pred_img_scores'][label]))
                 for a in samples for b in samples
                 if a['img_label'] == label != b['img_label']]
        assert roc_auc(label)(images) == pytest.approx(
            sum(a > b for a, b in pairs) / len(pairs))


def test_equal_scores_count_half_and_missing_classes_are_nan():
    images = ClassifiedImages(np.array([0, 1, 1]), np.full((3, 2), .5),
                              np.arange(3))
    assert roc_auc(1)(images) == 0.5
    alone = ClassifiedImages(np.array([1, 1]), np.eye(2), np.arange(2))
    assert np.isnan(roc_auc(1)(alone)) and np.isnan(sensitivity(0)(alone))


def test_interval_is_of_groups():
    # 40 images of 4 slices, all right in half of them: as 4 draws, not 40.
    groups = np.repeat(np.arange(4), 10)
    scores = np.zeros((40, 2))
    scores[np.arange(40), groups % 2] = 1
    images = ClassifiedImages(np.zeros(40, int), scores, groups)
    wide = group_interval(images, accuracy)
    assert wide == dict(value=0.5, low=0., high=1.)
    narrow = group_interval(
        ClassifiedImages(images.truth, scores, np.arange(40)), accuracy)
    # A normal approximation of the binomial's interval.
    assert narrow['low'] == pytest.approx(
        0.5 - 1.96 * (0.25 / 40)**.5, abs=.05)
    assert narrow['high'] == pytest.approx(
        0.5 + 1.96 * (0.25 / 40)**.5, abs=.05)
    # Unequal groups: each draw has whole ones.
    uneven = ClassifiedImages(np.zeros(3, int), np.eye(2)[[0, 1, 1]],
                              np.array([1, 0, 0]))
    assert uneven.repeated(np.array([0, 2])).groups.tolist() == [1, 1]
    assert accuracy(uneven.repeated(np.array([1, 1]))) == pytest.approx(1 / 3)


def test_the_tool(tmp_path, capsys):
    files = [tmp_path / 'fold0.pkl', tmp_path / 'fold1.pkl']
    write_fold(files[0], range(10), 0)
    write_fold(files[1], range(10, 20), 1)
    out = tmp_path / 'pooled.json'
    pool_folds.main([*map(str, files), '--classes', 'lung', 'lesions',
                     '--out', str(out)])
    told = capsys.readouterr().out
    assert '60 images, 20 groups' in told and 'AUC, lesions' in told
    rows = json.loads(out.read_text())
    assert rows['accuracy']['low'] < rows['accuracy']['value'] < \
        rows['accuracy']['high']


def test_wrong_files_are_refused(tmp_path):
    files = [tmp_path / 'fold0.pkl', tmp_path / 'fold1.pkl']
    write_fold(files[0], range(5), 0)
    write_fold(files[1], range(4, 9), 1)
    with pytest.raises(SystemExit, match=r'imgs/4.jpg is in .*fold0.*fold1'):
        pool_folds.main([*map(str, files)])
    with pytest.raises(SystemExit, match='patient_id'):
        pool_folds.main([str(files[0]), '--group-by', 'patient_id'])
    with pytest.raises(SystemExit, match='names 3 classes'):
        pool_folds.main([str(files[0]), '--classes', 'a', 'b', 'c'])
    write_fold(files[1], range(5, 9), 1, classes=3)
    with pytest.raises(SystemExit, match='3 classes'):
        pool_folds.main([*map(str, files)])
    dump([dict(img_path='a')], str(files[1]))
    with pytest.raises(SystemExit, match='entry 0 has no img_label'):
        pool_folds.main([str(files[1])])
    dump([], str(files[1]))
    with pytest.raises(SystemExit, match='no images'):
        pool_folds.main([str(files[1])])
