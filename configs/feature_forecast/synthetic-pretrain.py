# First phase on synthetic videos: the detector alone, on single frames. Make
# the data first:
#   python tools/make_synthetic.py moving_objects data/synthetic_video
_base_ = [
    '../_base_/models/ssdlite_r18_small.py',
    '../_base_/datasets/imagenet_vid_frames.py',
    '../_base_/schedules/ssdlite_frames_20e.py'
]

data_root = 'data/synthetic_video/'
img_scale = (160, 160)
metainfo = dict(
    _delete_=True, classes=('airplane', 'car', 'watercraft'))
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='RandomCrop',
        crop_size=(0.75, 0.75),
        crop_type='relative_range',
        allow_negative_crop=False),
    dict(type='Resize', scale=img_scale, keep_ratio=False),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs')
]
test_pipeline = _base_.test_pipeline
test_pipeline[1].update(scale=img_scale)
frames = _base_.frames
frames.update(
    data_root=data_root, metainfo=dict(classes=metainfo['classes']),
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
        data_root=data_root, metainfo=metainfo, pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(
    ann_file=data_root + 'annotations/imagenet_vid_val.json')
test_evaluator = val_evaluator

max_epochs = 16
train_cfg = dict(max_epochs=max_epochs, val_interval=8)
optim_wrapper = dict(
    optimizer=dict(
        _delete_=True, type='AdamW', lr=0.003, weight_decay=0.01),
    clip_grad=dict(max_norm=10))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=60),
    dict(
        type='CosineAnnealingLR',
        T_max=max_epochs,
        eta_min_ratio=0.01,
        by_epoch=True,
        convert_to_iter_based=True)
]
default_hooks = dict(
    logger=dict(interval=25), checkpoint=dict(interval=4, max_keep_ckpts=2))
randomness = dict(seed=0)
