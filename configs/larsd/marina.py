# LARSD-11 on real ships: half of a ResNet-18 from scratch at 512 x 512, on
# six tiles of a marina. README.md tells where such tiles come from.
_base_ = [
    '../_base_/models/larsd_r101.py', '../_base_/datasets/marina.py',
    '../_base_/schedules/larsd_cpu_iters.py'
]

model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,
        frozen_stages=-1,
        norm_eval=False,
        init_cfg=None),
    neck=dict(
        in_channels=[32, 64, 128, 256],
        mid_channels=[48, 64, 128],
        out_channels=64),
    bbox_head=dict(
        in_channels=64,
        feat_channels=64,
        anchor_generator=dict(anchors=_base_.marina_anchors)))

custom_hooks = [dict(type='mmdet.BenchmarkHook', dataset='marina tiles')]
