import pytest
import torch

from mmextra.utils.checkpoint_files import (
    checkpoint_problem,
    last_checkpoint,
    refusal,
    usable_checkpoints,
)


@pytest.fixture
def work_dir(tmp_path):
    for name in ('epoch_2.pth', 'epoch_10.pth', 'best_coco.pth'):
        torch.save(dict(a=torch.zeros(1000)), tmp_path / name)
    (tmp_path / 'last_checkpoint').write_text('/elsewhere/epoch_10.pth')
    return tmp_path


def cut(path, size):
    path.write_bytes(path.read_bytes()[:size])


@pytest.mark.parametrize('size, problem', [
    (0, 'is empty'), (1, 'is cut short'), (4, 'is cut short'),
    (2000, 'is cut short'), (-1, 'is cut short')])
def test_cut_at_any_place(work_dir, size, problem):
    path = work_dir / 'epoch_10.pth'
    assert checkpoint_problem(path) == ''
    cut(path, size)
    assert problem in checkpoint_problem(path)
    # What torch itself makes of it.
    with pytest.raises(Exception):  # noqa: B017
        torch.load(path, weights_only=True)


def test_zeros_and_absence(work_dir):
    path = work_dir / 'epoch_10.pth'
    path.write_bytes(bytes(5000))
    assert checkpoint_problem(path) == 'holds zeros'
    path.unlink()
    assert checkpoint_problem(path) == 'does not exist'


def test_files_in_the_older_format_pass(tmp_path):
    path = tmp_path / 'old.pth'
    torch.save(dict(a=1), path, _use_new_zipfile_serialization=False)
    assert checkpoint_problem(path) == ''


def test_the_latest_whole_one_is_found(work_dir):
    names = [path.name for path in usable_checkpoints(work_dir)]
    assert names == ['epoch_10.pth', 'epoch_2.pth']
    # The folder was moved.
    assert last_checkpoint(work_dir) == work_dir / 'epoch_10.pth'
    assert last_checkpoint(work_dir / 'nowhere') is None
    assert refusal(work_dir / 'epoch_10.pth') == ''
    cut(work_dir / 'epoch_10.pth', 100)
    told = refusal(work_dir / 'epoch_10.pth')
    assert f'{work_dir}/epoch_10.pth is cut short (its 100 bytes' in told
    assert f'"--resume {work_dir}/epoch_2.pth"' in told
    cut(work_dir / 'epoch_2.pth', 100)
    assert refusal(work_dir / 'epoch_2.pth').endswith(
        f'There is no whole checkpoint in {work_dir}.')
