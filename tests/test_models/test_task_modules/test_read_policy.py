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


def test_a_read_out_of_turn_ends_the_run():
    policy = ReadPolicy(mode='always_forecast', max_forecasts=2)
    policy.observe()
    policy.observe()
    policy.observe(op='read')
    assert trace(policy, [0.] * 3) == [F, F, R]


@pytest.mark.parametrize('wrong', [
    dict(mode='sometimes'), dict(interval=0), dict(interval=1.5),
    dict(max_forecasts=-1), dict(threshold=float('nan')),
    dict(threshold='0.5')])
def test_wrong_arguments(wrong):
    with pytest.raises(ValueError):
        ReadPolicy(**wrong)
