# GCN-FSOD small enough for a CPU, from scratch: three stages of a ResNet-18
# of half width at stride 8, without a shared head.
_base_ = './gcn_fsod_r50_c4.py'

norm_cfg = dict(type='GN', num_groups=8, requires_grad=True)

model = dict(
    num_support_shots=3,
    data_preprocessor=dict(pad_size_divisor=8),
    backbone=dict(
        depth=18,
        base_channels=32,
        strides=(1, 2, 1),
        frozen_stages=-1,
        norm_cfg=norm_cfg,
        norm_eval=False,
        style='pytorch',
        init_cfg=None),
    rpn_head=dict(
        in_channels=128,
        feat_channels=128,
        gcn=dict(gcn_channels=(64, 128)),
        anchor_generator=dict(
            scales=[3, 4.5, 7], ratios=[0.5, 1.0, 2.0], strides=[8])),
    roi_head=dict(
        shared_head=None,
        bbox_roi_extractor=dict(
            roi_layer=dict(output_size=7),
            out_channels=128,
            featmap_strides=[8]),
        bbox_head=dict(in_channels=128, local_reduction='mean')),
    train_cfg=dict(
        rpn=dict(sampler=dict(num=64)),
        rpn_proposal=dict(nms_pre=600, max_per_img=100),
        rcnn=dict(sampler=dict(num=32))),
    test_cfg=dict(rpn=dict(nms_pre=600, max_per_img=50)))
