# hit_uav.py with the output maps of Sec. 2.4 (strides 4, 8 and 16) instead of
# the introduction's 8, 16, 32, see visdrone-p2.py; as many iterations as fit
# into the same CPU time.
_base_ = ['./hit_uav.py', '../_base_/models/lcb_finer_maps.py']

model = dict(
    backbone=dict(out_indices=(1, 2, 3)),
    neck=dict(in_channels=[32, 64, 128]),
    bbox_head=dict(
        in_channels=[32, 64, 128],
        anchor_generator=_base_.finer_maps))

max_iters = 7400
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(
    end=max_iters, T_max=max_iters - _base_.warmup_iters)

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='AnchorCheckHook'),
    dict(type='BenchmarkHook', dataset='HIT-UAV')
]
