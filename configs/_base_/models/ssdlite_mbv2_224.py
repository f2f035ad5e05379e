# SSDLite with MobileNetV2 on its two maps of stride 16 and 32, for videos of
# 224 x 224 on a CPU. Starts from ImageNet; the file is made by
#   python tools/model_converters/torchvision_mobilenet_v2.py \
#       torchvision://mobilenet_v2 weights/mobilenet_v2.pth
_base_ = './ssdlite.py'

norm_cfg = dict(type='BN')
act_cfg = dict(type='ReLU6')
channels = (96, 1280, 256, 128)
model = dict(
    backbone=dict(
        type='MobileNetV2',
        out_indices=(4, 7),
        frozen_stages=3,
        init_cfg=dict(
            type='Pretrained', checkpoint='weights/mobilenet_v2.pth')),
    neck=dict(
        in_channels=channels[:2],
        out_channels=channels,
        level_strides=(2, 2),
        level_paddings=(1, 1),
        norm_cfg=norm_cfg,
        act_cfg=act_cfg),
    bbox_head=dict(
        in_channels=channels,
        num_classes=1,
        norm_cfg=norm_cfg,
        act_cfg=act_cfg,
        anchor_generator=dict(
            strides=[16, 32, 64, 128],
            ratios=[[2, 3]] * 4,
            min_sizes=[20, 48, 90, 140],
            max_sizes=[48, 90, 140, 205])),
    test_cfg=dict(max_per_img=100))
