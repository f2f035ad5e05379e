# ResNet18_T2+FPN on synthetic slices: two thirds of T1's weights, a map of
# twice the resolution. Research only, not a medical device.
_base_ = './synthetic.py'

model = dict(
    backbone=dict(truncation=2),
    neck=dict(in_channels=128),
    rpn_head=dict(anchor_generator=dict(strides=[8])),
    roi_head=dict(
        bbox_roi_extractor=dict(featmap_strides=[8]),
        mask_roi_extractor=dict(featmap_strides=[8])),
    test_cfg=dict(rpn=dict(nms_pre=1000, max_per_img=1000)))

max_epochs = 24
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_epochs

custom_hooks = [
    dict(type='AutocastHook'),
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/seg_ResNet18_T2/CNCB',
            'covid_ct_mask_net/table2/ResNet18_T2/CNCB'
        ])
]
