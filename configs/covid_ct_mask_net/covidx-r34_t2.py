# ResNet34_T2+FPN (Tables 1 and 3): COVID-CT-Mask-Net, trained on COVIDx-CT.
# Research only, not a medical device.
_base_ = './covidx-r18_t1.py'

model = dict(
    backbone=dict(depth=34, truncation=2),
    neck=dict(in_channels=128),
    rpn_head=dict(anchor_generator=dict(strides=[8])),
    roi_head=dict(bbox_roi_extractor=dict(featmap_strides=[8])))
load_from = 'work_dirs/cncb-r34_t2/epoch_100.pth'

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/cls_ResNet34_T2/COVIDx-CT',
            'covid_ct_mask_net/table3/ResNet34_T2/COVIDx-CT'
        ],
        dataset='COVIDx-CT')
]
