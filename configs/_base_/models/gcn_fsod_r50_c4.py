# GCN-FSOD: lcRPN and attentive head on ResNet-50 C4 (section 3).
_base_ = 'mmdet::_base_/models/faster-rcnn_r50-caffe-c4.py'

init_cfg = dict(
    type='Pretrained', checkpoint='open-mmlab://detectron2/resnet50_caffe')

model = dict(
    type='GCNFSOD',
    num_support_ways=2,
    num_support_shots=10,
    data_preprocessor=dict(
        type='QuerySupportDataPreprocessor', pad_size_divisor=16),
    backbone=dict(frozen_stages=2),
    rpn_head=dict(
        type='LCRPNHead',
        in_channels=1024,
        feat_channels=1024,
        correspondence='gcn',
        decouple=True,
        gcn=dict(
            type='LocalCorrespondenceGCN',
            gcn_channels=(256, 1024),
            distance='unit',
            temperature=0.1,
            impl='auto'),
        support_feat='map',
        shot_fusion='mean'),
    roi_head=dict(
        type='QuerySupportRoIHead',
        sample_fractions=(1, 2, 1),
        shared_head=dict(init_cfg=init_cfg),
        bbox_roi_extractor=dict(type='BagRoIExtractor'),
        bbox_head=dict(
            _delete_=True,
            type='AttentiveBBoxHead',
            in_channels=2048,
            roi_feat_size=7,
            global_matching=True,
            local_matching=True,
            reg_branch='category_attentive',
            loss_cls=dict(
                type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
            loss_bbox=dict(type='L1Loss', loss_weight=1.0))),
    train_cfg=dict(
        rpn=dict(allowed_border=-1),
        rpn_proposal=dict(nms_pre=12000, max_per_img=2000),
        rcnn=dict(sampler=dict(num=128, pos_fraction=0.5))),
    test_cfg=dict(
        rpn=dict(nms_pre=6000, max_per_img=100),
        rcnn=dict(merge='global')))
