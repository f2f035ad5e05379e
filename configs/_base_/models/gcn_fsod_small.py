# GCN-FSOD small enough for a CPU, from scratch: three stages of a ResNet-18
# of three eighths of the width at stride 8, without a shared head.
_base_ = './gcn_fsod_r50_c4.py'

norm_cfg = dict(type='GN', num_groups=8, requires_grad=True)
# N(0, 0.01), for 2048 channels, would be too little for 96.
head_init = dict(
    type='Xavier',
    layer=['Conv2d', 'Linear'],
    distribution='uniform',
    override=dict(type='Normal', name='fc_reg', std=0.001))

model = dict(
    num_support_shots=2,
    data_preprocessor=dict(pad_size_divisor=8),
    backbone=dict(
        depth=18,
        base_channels=24,
        strides=(1, 2, 1),
        frozen_stages=-1,
        norm_cfg=norm_cfg,
        norm_eval=False,
        style='pytorch',
        init_cfg=None),
    rpn_head=dict(
        in_channels=96,
        feat_channels=96,
        # At 0.1 a cell's neighbours on the same toy blur it.
        gcn=dict(gcn_channels=(64, 96), temperature=0.05),
        anchor_generator=dict(
            scales=[3, 4.5, 7], ratios=[0.5, 1.0, 2.0], strides=[8]),
        # Divided by all samples, of which a few are positive.
        loss_bbox=dict(loss_weight=10.)),
    roi_head=dict(
        shared_head=None,
        bbox_roi_extractor=dict(
            roi_layer=dict(output_size=7, sampling_ratio=2),
            out_channels=96,
            featmap_strides=[8]),
        bbox_head=dict(
            in_channels=96,
            local_reduction='mean',
            reg_keep_cells=True,
            init_cfg=head_init)),
    train_cfg=dict(
        # With the usual 0.7 one or two anchors of an object are positive,
        # and in so short a training proposals stay anchors.
        rpn=dict(assigner=dict(pos_iou_thr=0.5), sampler=dict(num=64)),
        rpn_proposal=dict(nms_pre=600, max_per_img=100),
        rcnn=dict(sampler=dict(num=32))),
    test_cfg=dict(rpn=dict(nms_pre=600, max_per_img=50)))
