# mmrotate's rotated RetinaNet on real vehicles: backbone, data, augmentation
# and schedule of hit_uav.py.
_base_ = [
    '../_base_/models/rotated_retinanet_r101.py',
    '../_base_/models/mobilenet_v2.py',
    '../_base_/datasets/hit_uav_rotated.py',
    '../_base_/schedules/larsd_cpu_pretrained.py'
]

model = dict(
    backbone=dict(_delete_=True, **_base_.mobilenet_v2),
    neck=dict(in_channels=_base_.mobilenet_v2_channels, out_channels=64),
    bbox_head=dict(
        num_classes=3,
        in_channels=64,
        feat_channels=64,
        # From 16 instead of 32 pixels on, for half of the vehicles are
        # smaller.
        anchor_generator=dict(octave_base_scale=2),
        # Started as hit_uav.py starts LARSDHead: from mmrotate's N(0, 0.01)
        # the subnets learn nothing in so few iterations.
        init_cfg=dict(
            type='Kaiming',
            layer='Conv2d',
            override=[
                dict(
                    type='Normal',
                    name='retina_cls',
                    std=0.01,
                    bias_prob=0.01),
                dict(type='Normal', name='retina_reg', std=0.01)
            ])),
    # The values of RBboxOverlaps2D, bearable on a CPU.
    train_cfg=dict(
        assigner=dict(iou_calculator=dict(type='NearRBboxOverlaps2D'))),
    test_cfg=dict(
        nms_pre=1000, nms=dict(iou_threshold=0.2), max_per_img=500))

# As much CPU time as the 5,000 of hit_uav.py.
max_iters = 5300
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='mmdet.BenchmarkHook', dataset='HIT-UAV')
]
