# mmrotate's rotated RetinaNet on real ships: backbone, data, augmentation
# and iterations of marina.py.
_base_ = [
    '../_base_/models/rotated_retinanet_cpu.py',
    '../_base_/datasets/marina.py',
    '../_base_/schedules/larsd_cpu_iters.py'
]

model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,
        frozen_stages=-1,
        norm_eval=False,
        init_cfg=None),
    neck=dict(in_channels=[32, 64, 128, 256]))

custom_hooks = [dict(type='mmdet.BenchmarkHook', dataset='marina tiles')]
