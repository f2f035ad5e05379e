# GCN-FSOD for real pictures on a CPU: MobileNetV2 of ImageNet, of which two
# maps make one at stride 16, without a shared head. The weights:
#   python tools/model_converters/torchvision_mobilenet_v2.py \
#       torchvision://mobilenet_v2 weights/mobilenet_v2.pth
_base_ = './gcn_fsod_small.py'

model = dict(
    num_support_ways=3,
    # The principal components stay, see PrincipalComponentsHook.
    frozen_parameters=['neck.reduction_conv'],
    # What all pictures have in common hides the classes in a product of two
    # features. One deviation for all: the components keep their proportions.
    match_norm=dict(
        type='CalibratedNorm', num_features=128, per_channel=False),
    data_preprocessor=dict(
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=32),
    backbone=dict(
        _delete_=True,
        type='MobileNetV2',
        out_indices=(4, 7),
        frozen_stages=4,
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained', checkpoint='weights/mobilenet_v2.pth')),
    neck=dict(
        type='FusedMapsNeck', in_channels=[96, 1280], out_channels=128),
    rpn_head=dict(
        in_channels=128,
        feat_channels=128,
        # The features are of both signs.
        reg_weights='gate',
        # At 0.05 no cell of these features would see the support. At 0.2 a
        # node averages 3.6 % of all as training starts; the log says that
        # 0.24 is balanced.
        # Without marks of their origin nothing tells whose the cells are
        # that it averages.
        gcn=dict(
            gcn_channels=(64, 128), temperature=0.2, origin_mark=2.),
        anchor_generator=dict(scales=[2, 4, 8, 16], strides=[16])),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=128, featmap_strides=[16]),
        bbox_head=dict(
            in_channels=128,
            local_start='similarity',
            local_reduction='cosine',
            reg_weights='gate',
            reg_tower='edges',
            reg_keep_cells=False)),
    # Chosen on search.txt. A dog looks like a cat to whoever is shown a cat
    # alone.
    test_cfg=dict(
        rpn=dict(max_per_img=100),
        rcnn=dict(rpn_power=0.25, rival_iou=0.3, max_per_img=500)))
