# First phase on real videos of debris on airfields: the detector alone, on
# single frames, from ImageNet weights. See README.md for the data.
_base_ = [
    '../_base_/models/ssdlite_mbv2_224.py',
    '../_base_/datasets/imagenet_vid_frames.py',
    '../_base_/schedules/ssdlite_frames_20e.py'
]

data_root = 'data/foda_vid/'
img_scale = (224, 224)
metainfo = dict(_delete_=True, classes=('debris', ))
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='Expand',
        mean=[123.675, 116.28, 103.53],
        to_rgb=True,
        ratio_range=(1, 1.6),
        prob=0.4),
    dict(
        type='MinIoURandomCrop',
        min_ious=(0.5, 0.7, 0.9),
        min_crop_size=0.5),
    dict(type='Resize', scale=img_scale, keep_ratio=False),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackDetInputs')
]
test_pipeline = _base_.test_pipeline
test_pipeline[1].update(scale=img_scale)
frames = _base_.frames
frames.update(
    data_root=data_root,
    ann_file='annotations/train.json',
    data_prefix=dict(img='images/'),
    metainfo=dict(classes=metainfo['classes']),
    pipeline=train_pipeline)
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(_delete_=True, **frames))
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/val.json',
        data_prefix=dict(img='images/'),
        metainfo=metainfo,
        pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + 'annotations/val.json')
test_evaluator = val_evaluator

max_epochs = 7
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
optim_wrapper = dict(
    optimizer=dict(
        _delete_=True, type='AdamW', lr=0.001, weight_decay=0.05),
    clip_grad=dict(max_norm=10),
    paramwise_cfg=dict(custom_keys={'backbone.': dict(lr_mult=0.3)}))
param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.01, by_epoch=False, begin=0,
        end=100),
    dict(
        type='CosineAnnealingLR',
        T_max=max_epochs,
        eta_min_ratio=0.01,
        by_epoch=True,
        convert_to_iter_based=True)
]
default_hooks = dict(
    logger=dict(interval=20), checkpoint=dict(interval=1, max_keep_ckpts=2))
randomness = dict(seed=0)
