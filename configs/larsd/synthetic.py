# LARSD-11 on the synthetic harbour: half of a ResNet-18 from scratch at
# 384 x 384, small enough for a CPU. Make the data first:
#   python tools/make_synthetic.py harbour data/synthetic_harbour
_base_ = [
    '../_base_/models/larsd_r101.py',
    '../_base_/datasets/synthetic_harbour.py',
    '../_base_/schedules/larsd_cpu.py'
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
        # python tools/analysis_tools/kmeans_anchors.py THIS --symmetric
        anchor_generator=dict(
            anchors=[[(38, 11), (12, 40), (45, 13), (13, 50), (52, 13)],
                     [(15, 59), (56, 16), (64, 14), (16, 72), (73, 16)],
                     [(17, 85), (89, 18), (19, 101), (120, 21), (22, 128)]])))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table4/LARSD-11/HRSC2016')
]
