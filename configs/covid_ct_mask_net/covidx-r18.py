# ResNet18+FPN (Tables 1 and 3): COVID-CT-Mask-Net, trained on COVIDx-CT.
# Research only, not a medical device.
_base_ = './covidx-r18_t1.py'

model = dict(
    backbone=dict(truncation=0),
    neck=dict(in_channels=512),
    rpn_head=dict(anchor_generator=dict(strides=[32])),
    roi_head=dict(bbox_roi_extractor=dict(featmap_strides=[32])))
load_from = 'work_dirs/cncb-r18/epoch_100.pth'

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/cls_ResNet18/COVIDx-CT',
            'covid_ct_mask_net/table3/ResNet18/COVIDx-CT'
        ],
        dataset='COVIDx-CT')
]
