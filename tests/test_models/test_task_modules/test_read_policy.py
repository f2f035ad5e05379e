from fractions import Fraction

import pytest

from mmextra.models.task_modules import ReadPolicy
from tests.helpers import worked_case


def trace(policy, confidences):
    ops = []
    for conf in confidences:
        ops.append(policy.next_op())
        assert policy.next_op() == ops[-1]
        policy.observe(conf)
    return ops


def test_videos_of_the_worked_case_begin_anew():
    case = worked_case('feature_forecast', 'policy_video_reset')
    policy, ops = ReadPolicy(threshold=0.5), []
    for item in case['items']:
        policy.reset()
        found = trace(policy, item['conf'])
        assert found == item['expected']
        ops += found
    assert ops.count('forecast') / len(ops) == case['expected_forecast_ratio']


R, F = 'read', 'forecast'


@pytest.mark.parametrize('arguments, confidences, expected', [
    (dict(threshold=1.0), [1.0] * 4, [R] * 4),
    (dict(threshold=0.5), [0.5, 0.51, 0.2, 0.9], [R, R, F, R]),
    (dict(threshold=-1), [0.0] * 4, [R, F, F, F]),
    (dict(threshold=0.), [None, 0.1, float('nan'), 0.], [R, R, F, R]),
    (dict(mode='always_read'), [1.0] * 3, [R] * 3),
    (dict(mode='always_forecast'), [None] * 4, [R, F, F, F]),
    (dict(mode='alternate'), [0.0] * 5, [R, F, R, F, R]),
    (dict(mode='alternate', interval=3), [0.0] * 5, [R, F, F, R, F]),
    (dict(mode='alternate', interval=1), [0.0] * 3, [R, R, R]),
    (dict(mode='alternate', interval=1.5), [0.0] * 7, [R, F, R, R, F, R, R]),
    (dict(mode='alternate', interval=2.5), [0.0] * 6, [R, F, F, R, F, R]),
    (dict(mode='always_forecast', max_forecasts=2), [0.] * 7,
     [R, F, F, R, F, F, R]),
    (dict(threshold=0.5, max_forecasts=1), [0.9] * 5, [R, F, R, F, R]),
    # .8, .8 * .7 = .56, .56 * .8 = .448; then from the read on again.
    (dict(threshold=0.5, cumulative=True), [.8, .7, .8, .6, .9, .9],
     [R, F, F, R, F, F]),
    (dict(threshold=0.5), [.8, .7, .8, .6, .9, .9], [R, F, F, F, F, F]),
    (dict(mode='alternate', cumulative=True), [None] * 4, [R, F, R, F]),
    (dict(mode='alternate', interval=4, max_forecasts=2), [0.] * 6,
     [R, F, F, R, R, F]),
    (dict(mode='always_forecast', max_forecasts=0), [0.] * 3, [R, R, R]),
])
def test_traces(arguments, confidences, expected):
    assert trace(ReadPolicy(**arguments), confidences) == expected


@pytest.mark.parametrize('interval', [1, 1.1, 1.2, 1.25, 1.4, 1.7, 2, 3, 7])
def test_as_many_reads_as_the_interval_says(interval):
    policy = ReadPolicy(mode='alternate', interval=interval)
    for frames in (1, 7, 100, 1000):
        policy.reset()
        reads = trace(policy, [None] * frames).count(R)
        # The first frame and each multiple of the interval before the end.
        multiples = sum(k * Fraction(str(interval)) <= frames - 1
                        for k in range(frames + 1))
        assert reads == multiples


def test_a_read_out_of_turn_ends_the_run():
    policy = ReadPolicy(mode='always_forecast', max_forecasts=2)
    policy.observe()
    policy.observe()
    policy.observe(op='read')
    assert trace(policy, [0.] * 3) == [F, F, R]


@pytest.mark.parametrize('wrong', [
    dict(mode='sometimes'), dict(interval=0), dict(interval=.5),
    dict(interval=float('inf')), dict(interval=float('nan')),
    dict(interval='2'),
    dict(max_forecasts=-1), dict(threshold=float('nan')),
    dict(threshold='0.5'), dict(between='nothing')])
def test_wrong_arguments(wrong):
    with pytest.raises(ValueError):
        ReadPolicy(**wrong)


def by_change(policy, changes):
    """Ops of frames; ``changes`` per frame, the same all the time since the
    last read."""
    ops, age = [], 0
    for rate in changes:
        op = policy.next_op()
        ops.append(op)
        age += 1
        if op == R:
            policy.note_change(rate * age if len(ops) > 1 else None)
            age = 0
        policy.observe(op=op)
    return ops


@pytest.mark.parametrize('threshold, cap, rates, expected', [
    # Unknown before the second read; then .4, .8, 1.2 after a read.
    (1., None, [.4] * 8, [R, R, F, F, R, F, F, R]),
    (.5, None, [.4] * 6, [R, R, F, R, F, R]),
    # At most 3 in a row, or as many as are said.
    (9., None, [.4] * 8, [R, R, F, F, F, R, F, F]),
    (9., 1, [.4] * 6, [R, R, F, R, F, R]),
    # It is the change per frame that counts.
    (1., None, [.9, .9, .9, .2, .2, .2, .2, .2], [R, R, F, R, F, F, F, R]),
    (0., None, [0.] * 4, [R] * 4),
    # Not below a threshold that it equals.
    (.4, None, [.4] * 4, [R] * 4),
])
def test_reads_by_change(threshold, cap, rates, expected):
    policy = ReadPolicy('change', threshold, max_forecasts=cap)
    assert by_change(policy, rates) == expected
    assert policy.reads_all == (threshold == 0)
    policy.reset()
    assert by_change(policy, rates) == expected


def test_expected_change_grows_with_the_age():
    policy = ReadPolicy('change', 9.)
    assert policy.expected_change(R) == -1
    policy.observe(op=R)
    policy.note_change(.3)
    assert policy.expected_change(R) == pytest.approx(.3)
    policy.observe(op=R)
    assert policy.expected_change(F) == pytest.approx(.6)
    policy.observe(op=F)
    assert policy.expected_change(F) == pytest.approx(.9)


def test_frames_passed_over_make_the_read_older():
    policy = ReadPolicy('change', 1.)
    policy.skip()
    assert policy.frame == 0
    policy.observe(op=R)
    policy.note_change(.3)
    policy.observe(op=R)
    policy.observe(op=F)
    assert policy.next_op() == F
    policy.skip()
    # It was to be read, or so it was told: the next one is.
    assert policy.next_op() == R
    policy.note_change(.6)
    assert policy.rate == pytest.approx(.2)
    policy.observe(op=R)
    assert policy.next_op() == F


@pytest.mark.parametrize('cumulative, expected', [
    # .8, .64, .512; the confidence at the read goes on.
    (True, [R, F, F, F, R]), (False, [R, F, R, F, R])])
def test_without_the_network_between_reads(cumulative, expected):
    policy = ReadPolicy(threshold=.5, cumulative=cumulative,
                        between='repeat')
    ops = []
    for _ in range(5):
        ops.append(policy.next_op())
        policy.observe(.8 if ops[-1] == R else None)
    assert ops == expected
    assert not policy.forecasts and not policy.reads_all
