# mmdet's Mask R-CNN R50-FPN, its normalisation apart, beside
# covid_semiseg-fold0.py for as much CPU time, from scratch (not in the
# tables). Research only, not a medical device.
_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50_fpn.py',
    '../_base_/datasets/covid_semiseg_fold.py',
    '../_base_/schedules/covid_fold_cpu.py'
]

model = dict(
    backbone=dict(
        frozen_stages=-1,
        norm_eval=False,
        norm_cfg=dict(type='IN', affine=True),
        init_cfg=None),
    roi_head=dict(
        bbox_head=dict(num_classes=1), mask_head=dict(num_classes=1)))

max_epochs = 8
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_epochs

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='BenchmarkHook', dataset='COVID-SemiSeg slices')
]
