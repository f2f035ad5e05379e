# First phase of imagenet_vid-stable_2lvl.py: mmdet's own SSDLite. No row of a
# table.
_base_ = './imagenet_vid-pretrain.py'

channels = (96, 1280, 512, 256, 256, 128)
model = dict(
    backbone=dict(out_indices=(4, 7)),
    neck=dict(in_channels=channels[:2], out_channels=channels),
    bbox_head=dict(
        in_channels=channels,
        anchor_generator=dict(
            strides=[16, 32, 64, 107, 160, 320],
            ratios=[[2, 3]] * 6,
            min_sizes=[48, 100, 150, 202, 253, 304],
            max_sizes=[100, 150, 202, 253, 304, 320])))
