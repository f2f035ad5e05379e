# ResNet50+FPN, merged masks (Tables 1 and 2): Mask R-CNN of lesions, trained
# on CNCB. Research only, not a medical device.
_base_ = [
    '../_base_/models/lesion_mask_rcnn_r50.py',
    '../_base_/datasets/cncb_lesion.py',
    '../_base_/schedules/covid_seg_100e.py'
]

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/seg_ResNet50/CNCB',
            'covid_ct_mask_net/table2/ResNet50_merged/CNCB'
        ],
        dataset='CNCB')
]
