# ResNet50+FPN, merged masks (Tables 1 and 3): COVID-CT-Mask-Net, trained on
# COVIDx-CT; 256 RoIs, 1024 channels. Research only, not a medical device.
_base_ = [
    '../_base_/models/lesion_mask_rcnn_r50.py',
    '../_base_/datasets/covidx_ct.py',
    '../_base_/schedules/covid_cls_50e.py'
]

model = dict(
    type='COVIDCTMaskNet',
    roi_head=dict(mask_roi_extractor=None, mask_head=None),
    img_head=dict(
        type='RoIBatchImageHead',
        num_rois=256,
        feat_channels=1024,
        num_classes=3),
    test_cfg=dict(rcnn=dict(score_thr=-0.01, max_per_img=256)))
load_from = 'work_dirs/cncb-r50/epoch_100.pth'

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/cls_ResNet50/COVIDx-CT',
            'covid_ct_mask_net/table3/ResNet50_merged/COVIDx-CT'
        ],
        dataset='COVIDx-CT')
]
