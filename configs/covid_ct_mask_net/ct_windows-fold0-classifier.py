# The classifier on windows of real slices with and without lesions, from a
# fold's covid_semiseg-fold0.py (not in the tables). Research only, not a
# medical device.
_base_ = './ct_crops-classifier.py'

model = dict(
    backbone=dict(truncation=2, norm_cfg=dict(type='IN', affine=True)),
    neck=dict(in_channels=128),
    rpn_head=dict(anchor_generator=dict(strides=[8])),
    roi_head=dict(bbox_roi_extractor=dict(featmap_strides=[8])))

data_root = 'data/covid_semiseg/'
pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='CropToBodyBox'),
    # As large as in the slices that the detector has seen.
    dict(type='Resize', scale=(192, 192), keep_ratio=False),
    dict(type='PackCTInputs')
]
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='windows/fold0_train.txt',
        data_prefix=dict(img='imgs/'),
        pipeline=pipeline))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='windows/fold0_test.txt',
        data_prefix=dict(img='imgs/'),
        pipeline=pipeline))
test_dataloader = val_dataloader
load_from = 'work_dirs/covid_semiseg-fold0/epoch_60.pth'

max_epochs = 12
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
param_scheduler = _base_.param_scheduler
param_scheduler[0].T_max = max_epochs

custom_hooks = [
    dict(type='AutocastHook'),
    dict(type='BenchmarkHook', dataset='windows of COVID-SemiSeg slices')
]
