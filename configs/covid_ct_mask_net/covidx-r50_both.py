# ResNet50+FPN, separate masks (Table 3): the detector has two classes.
# Research only, not a medical device.
_base_ = './covidx-r50.py'

model = dict(roi_head=dict(bbox_head=dict(num_classes=2)))
load_from = 'work_dirs/cncb-r50_both/epoch_100.pth'

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='covid_ct_mask_net/table3/ResNet50_separate/COVIDx-CT',
        dataset='COVIDx-CT')
]
