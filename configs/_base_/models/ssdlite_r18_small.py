# A quarter of a ResNet-18 up to stride 16 with an SSDLite head, for videos of
# 160 x 160 on a CPU. Not the paper's.
_base_ = './ssdlite.py'

norm_cfg = dict(type='BN')
channels = (64, 64, 64)
model = dict(
    backbone=dict(
        type='ResNet',
        depth=18,
        base_channels=16,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2, ),
        norm_eval=False,
        style='pytorch'),
    neck=dict(
        in_channels=channels[:1],
        out_channels=channels,
        level_strides=(2, 2),
        level_paddings=(1, 1),
        norm_cfg=norm_cfg),
    bbox_head=dict(
        in_channels=channels,
        num_classes=3,
        norm_cfg=norm_cfg,
        act_cfg=dict(type='ReLU'),
        anchor_generator=dict(
            strides=[16, 32, 54],
            ratios=[[2, 3]] * 3,
            min_sizes=[32, 56, 80],
            max_sizes=[56, 80, 112])),
    test_cfg=dict(max_per_img=100))
