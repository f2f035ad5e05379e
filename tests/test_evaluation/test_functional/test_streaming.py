import numpy as np
import pytest

from mmextra.evaluation.functional import (
    VideoAP,
    bootstrap_difference,
    frame_motion,
    match_frame,
    next_frame,
    shown_at_frames,
    streaming_frames,
    video_average_precision,
)
from mmextra.evaluation.functional.streaming_ap import (
    StreamingSettings,
    streaming_matches,
)


def test_the_newest_frame_is_taken():
    assert next_frame(0., -1, 10) == (0, 0.)
    # Frame 2 came at .2; frame 3 will at .3.
    assert next_frame(.25, 0, 10) == (2, .25)
    assert next_frame(.25, 2, 10) == (3, pytest.approx(.3))
    # Just then.
    assert next_frame(.1 + .2, 0, 10)[0] == 3


@pytest.mark.parametrize('latency, expected', [
    # Ready at once; just in time for the next; a little later.
    (0., [0, 1, 2, 3, 4, 5]), (.1, [-1, 0, 1, 2, 3, 4]),
    (.05, [-1, 0, 1, 2, 3, 4]),
    # 0 is ready at .15 and 1 is taken, then 3 at .3.
    (.15, [-1, -1, 0, 1, 1, 3]), (9., [-1] * 6)])
def test_what_is_shown(latency, expected):
    assert streaming_frames([latency] * 6, 10.).tolist() == expected


def test_what_is_shown_written_out():
    """Against a clock that ticks."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        fps, count = rng.uniform(5, 60), 12
        cost = rng.integers(1, 200, count) / 1000
        ready, free, last = {}, 0., -1
        for tick in range(int(count / fps * 10000) + 10):
            now = tick / 10000
            newest = min(int(now * fps + 1e-9), count - 1)
            if now >= free and newest > last:
                last, free = newest, max(now, free) + cost[newest]
                ready[newest] = free
        found = streaming_frames(cost, fps)
        for j in range(count):
            done = [k for k, at in ready.items() if at <= j / fps - 2e-3]
            late = [k for k, at in ready.items() if at <= j / fps + 2e-3]
            assert max(done, default=-1) <= found[j] <= max(
                late, default=-1)


def test_shown_results_are_the_latest():
    assert shown_at_frames([.1, .25], 4, 10.).tolist() == [-1, 0, 0, 1]
    assert shown_at_frames([], 2, 10.).tolist() == [-1, -1]


def moving_frame(t, video=0, latency=.02, forecast=False):
    """An object that moves by its own width per frame, found exactly."""
    box = np.array([[20. * t, 0, 20 * t + 20, 20]])
    label = np.zeros(1, int)
    return dict(
        matches=match_frame(box, label, [.9], box, label, video=video,
                            frame=t),
        found=(box, label, np.array([.9])), is_forecast=forecast,
        time_model=latency)


def test_late_boxes_meet_another_world():
    frames = [moving_frame(t, latency=.25) for t in range(6)]
    settings = StreamingSettings(fps=10.)
    shown = streaming_matches(frames[::-1], settings)
    assert [each.frame for each in shown] == list(range(6))
    assert [len(each.scores) for each in shown] == [0, 0, 0, 1, 1, 1]
    assert all((each.matched < 0).all() for each in shown)
    given = StreamingSettings(10., dict(read=0, forecast=1000))
    assert all((each.matched == 0).all()
               for each in streaming_matches(frames, given))
    assert given.seconds(True, None) == 1.
    with pytest.raises(ValueError, match='timing=True'):
        settings.seconds(False, None)


@pytest.mark.parametrize('wrong', [
    dict(fps=0), dict(fps='x'), dict(latency_ms=-1),
    dict(latency_ms=dict(read=1)),
    dict(latency_ms=dict(read=1, forecast='x'))])
def test_wrong_sources(wrong):
    with pytest.raises(ValueError):
        StreamingSettings(**wrong)


def random_frames(seed, videos=5):
    rng = np.random.default_rng(seed)
    frames = []
    for video in range(videos):
        for t in range(6):
            gts, dets = (rng.uniform(0, 60, (rng.integers(0, 4), 2))
                         for _ in range(2))
            dets = np.concatenate([dets, gts + rng.normal(0, 3, gts.shape)])
            frames.append(match_frame(
                np.concatenate([dets, dets + 20], 1),
                rng.integers(0, 2, len(dets)), rng.uniform(size=len(dets)),
                np.concatenate([gts, gts + 20], 1),
                rng.integers(0, 2, len(gts)), np.arange(len(gts)),
                rng.uniform(size=len(gts)) < .2, video=video, frame=t))
    return frames


def reference(frames):
    ap, npos = video_average_precision(frames, frame_motion(frames), 2)
    return ap[npos > 0].mean()


def test_drawn_videos_count_as_often_as_drawn():
    frames = random_frames(0)
    own = VideoAP(frames, 2)
    assert own.mean_ap(np.ones(5)) == pytest.approx(reference(frames))
    plain = [f for f in frames if not f.gt_ignored.any()]
    own = VideoAP(plain, 2)
    times = np.array([2, 0, 1, 3, 0])
    drawn = [f for f in plain for _ in range(times[f.video])]
    assert own.mean_ap(times) == pytest.approx(reference(drawn))


def test_intervals_are_paired():
    systems = {name: VideoAP(random_frames(k), 2)
               for k, name in enumerate('ab')}
    systems['c'] = systems['a']
    none = bootstrap_difference(
        systems, lambda values: values['a'] - values['c'], 50)
    assert none == dict(value=0, low=0, high=0)
    found = bootstrap_difference(
        systems, lambda values: values['a'] - values['b'], 200)
    assert found['low'] < found['value'] < found['high']
    again = bootstrap_difference(
        systems, lambda values: values['a'] - values['b'], 200)
    assert found == again
    systems['d'] = VideoAP(random_frames(0, videos=3), 2)
    with pytest.raises(ValueError, match='same videos'):
        bootstrap_difference(systems, lambda values: 0., 2)
