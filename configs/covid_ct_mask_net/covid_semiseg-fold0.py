# ResNet18_T2+FPN on a fold of real slices at 384 x 384, for a CPU (not in the
# tables); tools/dataset_converters/ct_windows.py lists the folds. Research
# only, not a medical device.
_base_ = [
    '../_base_/models/lesion_mask_rcnn_r18_t1_cpu.py',
    '../_base_/datasets/covid_semiseg_fold.py',
    '../_base_/schedules/covid_fold_cpu.py'
]

model = dict(
    backbone=dict(
        truncation=2,
        # The running statistics of 40 slices fit none of them.
        norm_cfg=dict(type='IN', affine=True)),
    neck=dict(in_channels=128),
    rpn_head=dict(anchor_generator=dict(strides=[8])),
    roi_head=dict(
        bbox_roi_extractor=dict(featmap_strides=[8]),
        mask_roi_extractor=dict(featmap_strides=[8])),
    # Of the small lesions 300 proposals leave out most.
    test_cfg=dict(
        rpn=dict(nms_pre=1000, max_per_img=1000),
        rcnn=dict(score_thr=0.05)))

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='BenchmarkHook', dataset='COVID-SemiSeg slices')
]
