import io

import pytest
from rich.console import Console

from mmextra.evaluation.zoo import ProgressDisplay, Run, Stage
from mmextra.evaluation.zoo.progress import latest_step

TRAIN = ('07/01 10:00:00 - mmengine - INFO - Epoch(train)  [2][ 10/120]  '
         'lr: 1.0e-03  eta: 0:01:02  time: 0.5\n')


@pytest.mark.parametrize('text, step', [
    ('', ''), ('no such line\n', ''),
    (TRAIN, 'train [2][10/120], 0:01:02 to go'),
    (TRAIN + 'Saving checkpoint\n', 'train [2][10/120], 0:01:02 to go'),
    ('Iter(train) [  50/9000]  eta: 1 day, 2:00:00  loss: 1\n',
     'train [50/9000], 1 day, 2:00:00 to go'),
    (TRAIN + 'Epoch(val) [2][40/40]  AP: 0.5\n', 'val [2][40/40]'),
    ('Epoch(test) [ 5/60]    eta: 0:00:09\n', 'test [5/60], 0:00:09 to go'),
])
def test_latest_step(text, step):
    assert latest_step(text) == step


def shown(terminal, log):
    out = io.StringIO()
    display = ProgressDisplay(2, Console(
        file=out, force_terminal=terminal, width=140, color_system=None))
    run = Run(Stage('paper/[a]/seed0/train', 'train'), 'running', log=log)
    with display:
        display.change(run)
        display.tick()
        display.progress.refresh()
        run.state, run.reason = 'failed', 'killed by SIGKILL'
        display.change(run)
        other = Run(Stage('paper/b', 'train'), 'kept', seconds=7.2)
        display.change(other)
    return out.getvalue()


def test_display(tmp_path):
    log = tmp_path / 'log.txt'
    log.write_text(TRAIN)
    plain = shown(False, log).splitlines()
    assert plain == [
        'start    paper/[a]/seed0/train',
        f'failed   paper/[a]/seed0/train: killed by SIGKILL (log: {log})',
        'kept     paper/b (7 s)']
    drawn = shown(True, log)
    assert 'train [2][10/120], 0:01:02 to go' in drawn
    assert '2/2' in drawn and 'killed by SIGKILL' in drawn
