import numpy as np
import pytest

from mmextra.evaluation.error_analysis.errors import (
    KINDS,
    average_precision,
    error_costs,
    error_counts,
    judge,
)
from tests.scene_helpers import random_scenes, scene


def kinds(found, truth, **kwargs):
    return judge(scene(found, truth, **kwargs))


def test_every_kind_of_error():
    truth = [((10, 10, 50, 50), 0), ((100, 100, 140, 140), 1),
             ((150, 10, 190, 50), 0), ((10, 150, 50, 190), 2)]
    verdicts = kinds([
        ((10, 10, 50, 50), 0, .9), ((12, 10, 52, 50), 0, .8),
        ((100, 100, 140, 140), 0, .7), ((150, 30, 190, 70), 0, .6),
        ((60, 60, 80, 80), 1, .5), ((150, 30, 190, 70), 2, .4)], truth)
    assert verdicts.kinds == ['true', 'duplicate', 'class', 'place',
                              'background', 'both']
    assert verdicts.partner.tolist() == [0, -1, 1, 2, -1, -1]
    assert verdicts.missed.tolist() == [False, False, False, True]
    assert error_counts([verdicts]) == dict(
        true=1, ignored=0, duplicate=1, **{
            'class': 1, 'place': 1, 'background': 1, 'both': 1, 'missed': 1})


def test_the_same_of_rotated_boxes_and_of_masks():
    rboxes = [((60, 60, 80, 20, .7), 0)]
    assert kinds([((60, 60, 80, 20, .7), 0, .9),
                  ((60, 60, 80, 20, -.7), 0, .8)], rboxes).kinds == [
                      'true', 'place']
    # The boxes around the two are the same.
    masks = np.zeros((2, 1, 200, 200), bool)
    masks[0, 0, 10:30, 10:50] = masks[1, 0, 30:50, 10:50] = True
    box = (10, 10, 50, 50)
    assert kinds([(box, 0, .9)], [(box, 0)]).kinds == ['true']
    assert kinds([(box, 0, .9)], [(box, 0)], masks=masks).kinds == [
        'background']


def test_ignored_objects_forgive():
    crowd = [((0, 0, 100, 100), 0, True)]
    verdicts = kinds([((10, 10, 30, 30), 0, .9), ((10, 10, 30, 30), 1, .8)],
                     crowd)
    assert verdicts.kinds == ['ignored', 'background']
    assert not verdicts.missed.any()


def test_nothing_there_or_nothing_found():
    assert kinds([((1, 1, 9, 9), 0, .5)], []).kinds == ['background']
    assert kinds([], [((1, 1, 9, 9), 0)]).missed.tolist() == [True]
    assert error_costs([kinds([], [])], 3)['ap'] == 0


def test_average_precision_by_hand():
    assert average_precision(np.array([True]), np.ones(1), 1) == 1
    # Half of the objects, found without error: 51 of 101 recalls.
    assert average_precision(np.array([True]), np.ones(1), 2) == \
        pytest.approx(51 / 101)
    assert np.isnan(average_precision(np.zeros(0, bool), np.zeros(0), 0))


@pytest.mark.parametrize('seed', range(3))
def test_as_the_reference_has_it(seed):
    tidecv = pytest.importorskip(
        'tidecv', reason='the authors\' tool; pip install tidecv')
    from tidecv.data import Data
    scenes = random_scenes(np.random.default_rng(seed))
    truth, found = Data('truth'), Data('found')
    for k, each in enumerate(scenes):
        truth.add_image(k, f'{k}.png')
        for box, label in zip(each.boxes, each.labels):
            truth.add_ground_truth(k, int(label), box=[
                *box[:2], *(box[2:] - box[:2])])
        for box, label, score in zip(
                each.found.boxes, each.found.labels, each.found.scores):
            found.add_detection(k, int(label), float(score), box=[
                *box[:2], *(box[2:] - box[:2])])
    run = tidecv.TIDE().evaluate(
        truth, found, pos_threshold=.5, mode=tidecv.TIDE.BOX)
    reference = {kind.short_name: gain
                 for kind, gain in run.fix_main_errors().items()}
    judged = [judge(each) for each in scenes]
    costs = error_costs(judged, 3)
    assert 100 * costs['ap'] == pytest.approx(run.ap, abs=1e-6)
    for kind, name in zip(KINDS, ('Cls', 'Loc', 'Both', 'Dupe', 'Bkg',
                                  'Miss')):
        assert 100 * costs[kind] == pytest.approx(reference[name], abs=1e-6), \
            kind
    counts = error_counts(judged)
    own = {kind.short_name: len(errors)
           for kind, errors in run.error_dict.items()}
    assert [counts[kind] for kind in KINDS] == [
        own.get(name, 0) for name in ('Cls', 'Loc', 'Both', 'Dupe', 'Bkg',
                                      'Miss')]
