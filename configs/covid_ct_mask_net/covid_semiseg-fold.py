# ResNet18_T2+FPN on a fold of real slices at 384 x 384, for a CPU (not in the
# tables); tools/dataset_converters/ct_windows.py lists the folds. Research
# only, not a medical device.
_base_ = './covid_semiseg.py'

model = dict(
    backbone=dict(truncation=2),
    neck=dict(in_channels=128),
    rpn_head=dict(anchor_generator=dict(strides=[8])),
    roi_head=dict(
        bbox_roi_extractor=dict(featmap_strides=[8]),
        mask_roi_extractor=dict(featmap_strides=[8])),
    # Of the small lesions 300 proposals leave out most.
    test_cfg=dict(rpn=dict(nms_pre=1000, max_per_img=1000)))

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='Resize', scale=(384, 384), keep_ratio=True),
    dict(
        type='RandomFlip',
        prob=[0.25, 0.25, 0.25],
        direction=['horizontal', 'vertical', 'diagonal']),
    dict(
        type='PhotoMetricDistortion',
        contrast_range=(0.7, 1.4),
        # The slices are grey.
        saturation_range=(1.0, 1.0),
        hue_delta=0),
    dict(type='PackCTInputs')
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(384, 384), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='PackCTInputs')
]
train_dataloader = dict(
    dataset=dict(ann_file='fold0_train.txt', pipeline=train_pipeline))
val_dataloader = dict(
    dataset=dict(ann_file='fold0_test.txt', pipeline=test_pipeline))
test_dataloader = val_dataloader

# A fold has 40 slices.
max_epochs = 60
train_cfg = dict(max_epochs=max_epochs, val_interval=10)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=60),
    dict(
        type='CosineAnnealingLR',
        T_max=max_epochs,
        eta_min_ratio=0.02,
        by_epoch=True,
        convert_to_iter_based=True)
]
