# The classifier of synthetic.py on synthetic images, for a CPU. Research
# only, not a medical device. Train synthetic.py first:
#   python tools/train.py configs/covid_ct_mask_net/synthetic.py
_base_ = [
    '../_base_/models/lesion_mask_rcnn_r18_t1_cpu.py',
    '../_base_/datasets/synthetic_ct_images.py',
    '../_base_/schedules/covid_cpu.py'
]

model = dict(
    type='COVIDCTMaskNet',
    roi_head=dict(mask_roi_extractor=None, mask_head=None),
    img_head=dict(
        type='RoIBatchImageHead',
        num_rois=128,
        feat_channels=512,
        num_classes=3),
    test_cfg=dict(
        rcnn=dict(
            score_thr=-0.01, max_per_img=128, nms=dict(iou_threshold=0.75))))
load_from = 'work_dirs/synthetic/epoch_8.pth'

auto_scale_lr = dict(base_batch_size=8)
max_epochs = 6
train_cfg = dict(max_epochs=max_epochs, val_interval=6)
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        T_max=max_epochs,
        eta_min_ratio=0.02,
        by_epoch=True,
        convert_to_iter_based=True)
]

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/cls_ResNet18_T1/COVIDx-CT',
            'covid_ct_mask_net/table3/ResNet18_T1/COVIDx-CT'
        ])
]
