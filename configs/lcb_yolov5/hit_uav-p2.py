# hit_uav.py with the output maps of Sec. 2.4 (strides 4, 8 and 16) instead of
# the introduction's 8, 16, 32, see visdrone-p2.py; as many iterations as fit
# into the same CPU time.
_base_ = './hit_uav.py'

model = dict(
    backbone=dict(out_indices=(1, 2, 3)),
    neck=dict(in_channels=[32, 64, 128]),
    bbox_head=dict(
        in_channels=[32, 64, 128],
        anchor_generator=dict(
            strides=[4, 8, 16],
            # Half as large, as the strides.
            base_sizes=[[(5, 6.5), (8, 15), (16.5, 11.5)],
                        [(15, 30.5), (31, 22.5), (29.5, 59.5)],
                        [(58, 45), (78, 99), (186.5, 163)]])))

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
