import random
import re

from mmextra.datasets.few_shot import select_shots
from tests.helpers import worked_case


def instances():
    return [(a['cls'], a['img_id'], a['bbox_xywh']) for a in worked_case(
        'gcn_fsod', 'shot_selection')['inputs']['annotations']]


def test_worked_case():
    case = worked_case('gcn_fsod', 'shot_selection')
    for key, want in case['expected'].items():
        seed, shots = map(int, re.fullmatch(r'seed(\d+)_k(\d+)',
                                            key).groups())
        assert select_shots(
            instances(), dict.fromkeys(want, shots), seed) == want


def test_invariants():
    listed = instances()
    names = {name for name, _, _ in listed}
    whole = select_shots(listed, dict.fromkeys(names, 100))
    shuffled = listed[:]
    random.Random(1).shuffle(shuffled)
    for shots in (1, 3, 5, 10):
        chosen = select_shots(listed, dict.fromkeys(names, shots))
        again = select_shots(shuffled, dict.fromkeys(names, shots))
        for name in names:
            available = sum(one[0] == name for one in listed)
            assert len(chosen[name]) == min(shots, available)
            # Nested, and independent of the order.
            assert chosen[name] == whole[name][:shots]
            assert [listed[i] for i in chosen[name]] == [
                shuffled[i] for i in again[name]]


def test_equal_boxes_count_once():
    box = ('cat', 1, [0, 0, 10, 10])
    assert select_shots([box, box, ('cat', 1, [0, 0, 10, 11])],
                        {'cat': 3})['cat'].count(1) == 0
    assert len(select_shots([box, box], {'cat': 2})['cat']) == 1
    assert select_shots([box], {'cat': 0}) == {'cat': []}
