# A baseline: TFA's base training, 60 base classes of COCO 2014.
_base_ = [
    '../_base_/models/tfa_r101_fpn.py',
    '../_base_/datasets/coco14_few_shot_base.py',
    '../_base_/schedules/few_shot_120k.py'
]

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='FewShotCocoDataset',
        data_root=_base_.data_root,
        ann_root=_base_.ann_root,
        ann_cfg=[dict(type='ann_file', ann_file='annotations/train.json')],
        data_prefix=dict(img=''),
        classes='BASE_CLASSES',
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(
                type='RandomChoiceResize',
                scales=[(1333, side) for side in range(640, 801, 32)],
                keep_ratio=True),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackDetInputs')
        ]))
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(1333, 800), keep_ratio=True),
    dict(type='PackDetInputs', meta_keys=_base_.meta_keys)
]
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
# Its own schedule, for 8 images.
optim_wrapper = dict(optimizer=dict(lr=0.01))
train_cfg = dict(max_iters=110000, val_interval=10000)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=1000),
    dict(
        type='MultiStepLR',
        by_epoch=False,
        milestones=[85000, 100000],
        gamma=0.1)
]
default_hooks = dict(checkpoint=dict(interval=10000))
custom_hooks = [dict(type='BenchmarkHook')]
