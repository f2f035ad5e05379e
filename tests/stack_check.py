"""One training step, a test and a reload of every paper, on any stack.

Run in an empty folder by tools/test_stacks.sh with the Python of a stack, on
the mmextra that is installed there: python tests/stack_check.py [PAPER...]
"""
import sys
import time
import traceback
from typing import Callable, Dict, List

import torch
from mmengine.config import Config
from mmengine.runner import Runner

import mmextra  # noqa: F401
from mmextra.synthetic import GENERATORS
from mmextra.utils import HAS_MMROTATE, HAS_VIDEO, config_root

# paper: (config, generator, folder, further sizes)
PAPERS = {
    'larsd': ('larsd/synthetic.py', 'harbour', 'harbour', {}),
    'lcb_yolov5': ('lcb_yolov5/synthetic.py', 'aerial', 'aerial', {}),
    'gcn_fsod': ('gcn_fsod/synthetic.py', 'toys', 'toys',
                 dict(num_train=40)),
    'feature_forecast': ('feature_forecast/synthetic.py', 'moving_objects',
                         'video', dict(frames=8)),
    'lesions': ('covid_ct_mask_net/synthetic.py', 'ct', 'ct', {}),
    'covid_ct_mask_net': ('covid_ct_mask_net/synthetic-classifier.py', 'ct',
                          'ct', {}),
}
SIZES = dict(num_train=4, num_val=2, num_test=2)


def shorten(cfg: Config, work_dir: str) -> Config:
    """One iteration, one process, a checkpoint after it."""
    cfg.work_dir = work_dir
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=1,
                         val_interval=100)
    cfg.param_scheduler = []
    cfg.default_hooks.checkpoint = dict(
        type='CheckpointHook', by_epoch=False, interval=1)
    cfg.log_processor = dict(type='LogProcessor', by_epoch=False)
    cfg.log_level = 'ERROR'
    # Further hooks count epochs, but for the one that shows the supports.
    cfg.custom_hooks = [hook for hook in cfg.get('custom_hooks', [])
                        if hook.type == 'SupportInitHook']
    for name in ('train', 'val', 'test'):
        loader = cfg[f'{name}_dataloader']
        loader.update(num_workers=0, persistent_workers=False)
    # What an earlier phase has trained is not there.
    model = cfg.model.get('detector', cfg.model)
    for part in (cfg.model, model, model.backbone):
        part.pop('init_cfg', None)
    cfg.load_from = None
    return cfg


def check(paper: str) -> None:
    """Train one step, test the weights, load them again and compare."""
    config, generator, folder, sizes = PAPERS[paper]
    GENERATORS[generator](f'data/synthetic_{folder}', **{**SIZES, **sizes})
    cfg = shorten(Config.fromfile(config_root() / config),
                  f'work_dirs/{paper}')
    runner = Runner.from_cfg(cfg)
    runner.train()
    trained = runner.model.state_dict()
    assert all(value.isfinite().all() for value in trained.values()
               if value.is_floating_point())
    path = f'{cfg.work_dir}/iter_1.pth'
    saved = torch.load(path, map_location='cpu')
    cfg.load_from, cfg.experiment_name = path, f'{paper}_again'
    again = Runner.from_cfg(cfg)
    metrics = again.test()
    assert metrics
    for name, value in saved['state_dict'].items():
        if 'support' not in name:
            assert torch.equal(again.model.state_dict()[name].cpu(), value)


def run(checks: Dict[str, Callable[[], None]]) -> int:
    """Run them all; the number of those that failed."""
    failed = 0
    for name, function in checks.items():
        start = time.process_time()
        try:
            function()
            told = 'ok'
        except Exception:
            traceback.print_exc()
            failed, told = failed + 1, 'FAILED'
        print(f'CHECK {name} {told} {time.process_time() - start:.0f} CPU s',
              flush=True)
    return failed


def main(names: List[str]) -> int:
    torch.set_num_threads(1)
    there = dict(larsd=HAS_MMROTATE, feature_forecast=HAS_VIDEO)
    names = names or [name for name in PAPERS if there.get(name, True)]
    return run({name: (lambda name=name: check(name)) for name in names})


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
