
import pytest
import torch

from mmextra.datasets.transforms import (
    ThinningClipSample,
    thinning_indices,
    thinning_qmax,
)
from tests.helpers import worked_case


@pytest.mark.parametrize(
    'item', worked_case('feature_forecast', 'thinning_indices')['items'],
    ids=lambda item: '-'.join(str(item[k]) for k in ('l', 'n', 'q', 'start')))
def test_indices_of_the_worked_cases(item):
    assert thinning_indices(item['l'], item['n'], item['q'],
                            item['start']) == item['indices']


def test_largest_thinning_is_the_largest_that_fits():
    for length in range(1, 320):
        q = thinning_qmax(length, 10, 25)
        assert 0 <= q <= 25
        if q:
            assert 10 * (q + 1) <= length - 1
        if q < 25 and length > 11:
            assert 10 * (q + 2) > length - 1
    assert [thinning_qmax(n, 10) for n in (1, 11, 21, 271, 5000)] == [
        0, 0, 1, 25, 25]


def video(length):
    return dict(video_id=7, video_length=length, images=[
        dict(img_id=100 + k, frame_id=k) for k in range(length)])


def test_clips_are_equally_spaced_and_of_all_kinds():
    torch.manual_seed(0)
    sample = ThinningClipSample(num_frames=4, max_thinning=2)
    seen = set()
    for _ in range(400):
        found = sample(video(20))
        frames = found['frame_id']
        gaps = {b - a for a, b in zip(frames, frames[1:])}
        assert len(frames) == 5 and len(gaps) == 1
        seen.add((frames[0], gaps.pop()))
    expected = {(s, q + 1) for q in range(3) for s in range(20 - 4 * (q + 1))}
    assert seen == expected
    assert found['video_id'] == [7] * 5
    assert found['ori_video_length'] == [20] * 5
    assert found['video_length'] == [5] * 5
    sample.thinning = False
    for _ in range(50):
        frames = sample(video(20))['frame_id']
        assert frames[4] - frames[0] == 4


def test_short_videos_repeat_their_last_frame():
    sample = ThinningClipSample(num_frames=4)
    assert sample(video(1))['frame_id'] == [0] * 5
    assert sample(video(3))['frame_id'] == [0, 1, 2, 2, 2]
    one = video(2)
    sample(one)
    assert set(one['images'][0]) == {'img_id', 'frame_id'}
    with pytest.raises(ValueError, match='min_video_length'):
        sample(video(0))
    with pytest.raises(ValueError, match='num_frames'):
        ThinningClipSample(num_frames=0)
