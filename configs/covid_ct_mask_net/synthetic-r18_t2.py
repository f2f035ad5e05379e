# ResNet18_T2+FPN on synthetic slices: 3.9 million weights for 6.3, on a map of
# twice the resolution. Research only, not a medical device.
_base_ = './synthetic.py'

model = dict(
    backbone=dict(truncation=2),
    neck=dict(in_channels=128),
    rpn_head=dict(anchor_generator=dict(strides=[8])),
    roi_head=dict(
        bbox_roi_extractor=dict(featmap_strides=[8]),
        mask_roi_extractor=dict(featmap_strides=[8])))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/seg_ResNet18_T2/CNCB',
            'covid_ct_mask_net/table2/ResNet18_T2/CNCB'
        ])
]
