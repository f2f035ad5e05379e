# mmrotate's rotated RetinaNet for few iterations on a CPU.
_base_ = './rotated_retinanet_r101.py'

model = dict(
    # Started as LARSDHead is: from mmrotate's N(0, 0.01) the subnets learn
    # nothing in so few iterations.
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
