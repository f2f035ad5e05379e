# ResNet34+FPN (Tables 1 and 2): Mask R-CNN of lesions, trained on CNCB.
# Research only, not a medical device.
_base_ = './cncb-r18_t1.py'

model = dict(
    backbone=dict(depth=34, truncation=0),
    neck=dict(in_channels=512),
    rpn_head=dict(anchor_generator=dict(strides=[32])),
    roi_head=dict(
        bbox_roi_extractor=dict(featmap_strides=[32]),
        mask_roi_extractor=dict(featmap_strides=[32])))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/seg_ResNet34/CNCB',
            'covid_ct_mask_net/table2/ResNet34/CNCB'
        ],
        dataset='CNCB')
]
