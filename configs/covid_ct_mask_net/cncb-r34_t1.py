# ResNet34_T1+FPN (Tables 1 and 2): Mask R-CNN of lesions, trained on CNCB.
# Research only, not a medical device.
_base_ = './cncb-r18_t1.py'

model = dict(backbone=dict(depth=34))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/seg_ResNet34_T1/CNCB',
            'covid_ct_mask_net/table2/ResNet34_T1/CNCB'
        ],
        dataset='CNCB')
]
