# mmrotate's rotated RetinaNet on real ships: backbone, data, augmentation
# and iterations of marina.py.
_base_ = [
    '../_base_/models/rotated_retinanet_r101.py',
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
    neck=dict(in_channels=[32, 64, 128, 256]),
    # Started as marina.py starts LARSDHead: from mmrotate's N(0, 0.01) the
    # subnets learn nothing in so few iterations.
    bbox_head=dict(
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
        assigner=dict(iou_calculator=dict(type='NearRBboxOverlaps2D'))))

custom_hooks = [dict(type='mmdet.BenchmarkHook', dataset='marina tiles')]
