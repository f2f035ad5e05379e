# Mask R-CNN with ResNet50 and four FPN levels, the larger model of the
# comparison. Research only, not a medical device.
_base_ = './lesion_mask_rcnn_r18_t1.py'

model = dict(
    backbone=dict(depth=50, truncation=0, out='all'),
    neck=dict(
        _delete_=True,
        type='FPN',
        in_channels=[256, 512, 1024, 2048],
        out_channels=256,
        # No fifth level by pooling, as in the released code.
        num_outs=4),
    rpn_head=dict(
        # The same 30 sizes on every level.
        anchor_generator=dict(
            strides=[4, 8, 16, 32], base_sizes=[1, 1, 1, 1])),
    roi_head=dict(
        bbox_roi_extractor=dict(featmap_strides=[4, 8, 16, 32]),
        mask_roi_extractor=dict(featmap_strides=[4, 8, 16, 32]),
        mask_head=dict(num_convs=4, conv_out_channels=256)))
