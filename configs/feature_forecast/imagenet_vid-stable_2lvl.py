# imagenet_vid-stable.py on the two maps of the stock SSDLite, strides 16 and
# 32; needs a first phase with the same head. Not in the paper.
_base_ = './imagenet_vid-stable.py'

channels = (96, 1280, 512, 256, 256, 128)
model = dict(
    detector=dict(
        backbone=dict(out_indices=(4, 7)),
        neck=dict(in_channels=channels[:2], out_channels=channels),
        bbox_head=dict(
            in_channels=channels,
            anchor_generator=dict(
                strides=[16, 32, 64, 107, 160, 320],
                ratios=[[2, 3]] * 6,
                min_sizes=[48, 100, 150, 202, 253, 304],
                max_sizes=[100, 150, 202, 253, 304, 320])),
        init_cfg=dict(
            checkpoint='work_dirs/imagenet_vid-pretrain_2lvl/epoch_20.pth')),
    temporal=dict(
        in_channels=(96, 1280), hidden_channels=(48, 256), levels=(0, 1)),
    scheduler=dict(level=1))
