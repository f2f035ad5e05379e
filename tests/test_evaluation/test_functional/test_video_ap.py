import time

import numpy as np
import pytest

from mmextra.evaluation.functional import (
    MOTION_RANGES,
    frame_motion,
    match_frame,
    motion_iou,
    video_average_precision,
)
from mmextra.structures import box_iou
from tests.helpers import worked_case


def frames_of(case, **options):
    frames = []
    for item in case['frames']:
        gt, det = item['gt'], item['det']
        frames.append(match_frame(
            [d[0] for d in det], [d[1] for d in det], [d[2] for d in det],
            [g[0] for g in gt], [g[1] for g in gt], [g[2] for g in gt],
            video=item['video'], frame=item['frame'], **options))
    return frames


@pytest.mark.parametrize('key, tolerance', [
    ('expected', 10), ('expected_no_tolerance', None)])
def test_two_videos_of_the_worked_case(key, tolerance):
    case = worked_case('feature_forecast', 'vid_map')
    frames = frames_of(case, small_object_tolerance=tolerance)
    motion = frame_motion(frames)
    assert {k: list(v) for k, v in MOTION_RANGES.items()} == case['ranges']
    for name, limits in case['ranges'].items():
        ap, npos = video_average_precision(frames, motion, 2, limits)
        expected = case[key][name]
        assert npos.tolist() == expected['npos']
        np.testing.assert_allclose(
            ap, [np.nan if v is None else v for v in expected['ap']],
            atol=case['tolerance'])
        assert np.nanmean(ap) == pytest.approx(expected['mAP'], abs=1e-5)


def motion_by_hand(boxes, window=10):
    out = np.full(len(boxes), np.nan)
    for t, box in enumerate(boxes):
        if np.isnan(box).any():
            continue
        near = [box_iou(box, boxes[s]) for s in range(
            max(0, t - window), min(len(boxes), t + window + 1))
                if s != t and not np.isnan(boxes[s]).any()]
        out[t] = np.mean(near) if near else 0.
    return out


def test_motion_iou_equals_two_loops():
    rng = np.random.default_rng(0)
    low = np.cumsum(rng.uniform(-3, 4, (40, 2)), 0) + 50
    boxes = np.concatenate([low, low + rng.uniform(20, 24, (40, 2))], 1)
    boxes[[3, 4, 17, 39]] = np.nan
    for window in (1, 10, 100):
        np.testing.assert_allclose(
            motion_iou(boxes, window), motion_by_hand(boxes, window))
    assert motion_iou(boxes[:1]).tolist() == [0.]
    still = np.tile([[0., 0., 9., 9.]], (30, 1))
    assert (motion_iou(still) == 1).all()


def test_iou_counts_the_last_pixel():
    assert box_iou([0, 0, 9, 9], [5, 0, 14, 9]) == pytest.approx(1 / 3)
    assert box_iou([0, 0, 10, 10], [5, 0, 15, 10], False) == \
        pytest.approx(1 / 3)
    assert box_iou([0, 0, 1, 1], [9, 9, 9, 9]) == 0
    assert box_iou([3, 3, 3, 3], [3, 3, 3, 3], False) == 0


def test_small_objects_need_less():
    gt, det = [[5, 5, 14, 14]], [[8, 8, 17, 17]]
    # 10 x 10: 100 / 400, and the IoU is 49 / 151.
    assert match_frame(det, [0], [1.], gt, [0]).matched.tolist() == [0]
    assert match_frame(det, [0], [1.], gt, [0],
                       small_object_tolerance=None).matched.tolist() == [-1]


def test_next_best_when_the_best_is_taken():
    gt = [[0, 0, 99, 99], [0, 10, 99, 109]]
    det = [[0, 0, 99, 99], [0, 2, 99, 101]]
    found = match_frame(det, [1, 1], [.9, .8], gt, [1, 1])
    assert found.matched.tolist() == [0, 1]
    other = match_frame(det, [1, 0], [.9, .8], gt, [1, 1])
    assert other.matched.tolist() == [0, -1] and list(other.overlaps) == [1]


def random_video(frames=60, tracks=4, seed=0):
    """Perfect detections of objects at all speeds."""
    rng = np.random.default_rng(seed)
    speeds = [0., 1.2, 5., 9.][:tracks]
    out = []
    for t in range(frames):
        boxes = [[20 + s * t, 50 * k, 60 + s * t, 50 * k + 40]
                 for k, s in enumerate(speeds)]
        out.append(match_frame(
            boxes, [k % 2 for k in range(tracks)], rng.uniform(.5, 1, tracks),
            boxes, [k % 2 for k in range(tracks)], range(tracks), frame=t))
    return out


def test_perfect_detections_in_every_range():
    frames = random_video()
    motion = frame_motion(frames)
    for limits in MOTION_RANGES.values():
        ap, npos = video_average_precision(frames, motion, 3, limits)
        assert npos.sum() > 0
        assert (ap[npos > 0] == 1).all() and np.isnan(ap[npos == 0]).all()


def test_false_positive_counts_where_it_overlaps():
    gt = [[0, 0, 49, 49], [100, 0, 149, 49]]
    frames = []
    for t in range(12):
        fast = [100 + 12 * t, 0, 149 + 12 * t, 49]
        wrong = [[100 + 12 * t, 30, 149 + 12 * t, 79]]
        frames.append(match_frame(wrong, [0], [.9], [gt[0], fast], [0, 0],
                                  [1, 2], frame=t))
    motion = frame_motion(frames)
    from mmextra.evaluation.functional.video_ap import false_positive_weights
    for name, weight in (('slow', 0.), ('fast', 1.), ('all', 1.)):
        low, high = MOTION_RANGES[name]
        inside = (low <= motion[0]) & (motion[0] <= high)
        assert false_positive_weights(frames[0], inside, .5).tolist() == [
            weight]
    nothing = match_frame([[0, 0, 9, 9]], [0], [.9], [], [])
    assert false_positive_weights(
        nothing, np.zeros(0, bool), .25).tolist() == [.25]


def test_ignored_ground_truth_counts_nowhere():
    gt = [[0, 0, 49, 49], [100, 0, 149, 49]]
    frames = [match_frame(gt, [0, 0], [.9, .8], gt, [0, 0], [1, 2],
                          [True, False], frame=t) for t in range(3)]
    ap, npos = video_average_precision(frames, frame_motion(frames), 1)
    assert npos.tolist() == [3] and ap.tolist() == [1]


def test_thousand_frames_with_five_tracks_are_quick():
    begin = time.process_time()
    rng = np.random.default_rng(0)
    frames = []
    for t in range(1000):
        low = rng.uniform(0, 500, (5, 2))
        boxes = np.concatenate([low, low + 60], 1)
        noise = np.concatenate([boxes, boxes + 15, boxes - 40])
        frames.append(match_frame(
            noise, rng.integers(0, 30, 15), rng.random(15), boxes,
            rng.integers(0, 30, 5), range(5), frame=t))
    motion = frame_motion(frames)
    for limits in MOTION_RANGES.values():
        video_average_precision(frames, motion, 30, limits)
    assert time.process_time() - begin < 5
