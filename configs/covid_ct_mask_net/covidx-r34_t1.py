# ResNet34_T1+FPN (Tables 1 and 3): COVID-CT-Mask-Net, trained on COVIDx-CT.
# Research only, not a medical device.
_base_ = './covidx-r18_t1.py'

model = dict(backbone=dict(depth=34))
load_from = 'work_dirs/cncb-r34_t1/epoch_100.pth'

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/cls_ResNet34_T1/COVIDx-CT',
            'covid_ct_mask_net/table3/ResNet34_T1/COVIDx-CT'
        ],
        dataset='COVIDx-CT')
]
