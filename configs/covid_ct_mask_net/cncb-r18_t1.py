# ResNet18_T1+FPN (Tables 1 and 2): Mask R-CNN of lesions, trained on CNCB.
# Research only, not a medical device.
_base_ = [
    '../_base_/models/lesion_mask_rcnn_r18_t1.py',
    '../_base_/datasets/cncb_lesion.py',
    '../_base_/schedules/covid_seg_100e.py'
]

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/seg_ResNet18_T1/CNCB',
            'covid_ct_mask_net/table2/ResNet18_T1/CNCB'
        ],
        dataset='CNCB')
]
