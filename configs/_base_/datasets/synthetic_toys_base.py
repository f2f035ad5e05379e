# Base training on the synthetic toys:
#   python tools/make_synthetic.py toys data/synthetic_toys
data_root = 'data/synthetic_toys/'
novel_toys = ('star', 'gear', 'heart', 'bolt')
base_toys = ('triangle', 'block', 'nut', 'cross', 'arrow', 'chevron',
             'bucket', 'tile', 'hook', 'hammer', 'dome', 'egg', 'bar',
             'hourglass', 'moon', 'kite')
class_splits = dict(
    ALL_CLASSES=base_toys + novel_toys,
    NOVEL_CLASSES=novel_toys,
    BASE_CLASSES=base_toys)
meta_keys = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')
query_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=(160, 160), keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs', meta_keys=meta_keys)
]
support_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='CropResizeInstance',
        num_context_pixels=8,
        target_size=(80, 80)),
    dict(type='PackDetInputs', meta_keys=meta_keys)
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(160, 160), keep_ratio=True),
    dict(type='PackDetInputs', meta_keys=meta_keys)
]
train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='QueryAwareDataset',
        num_support_ways=2,
        num_support_shots=2,
        dataset=dict(
            type='FewShotCocoDataset',
            data_root=data_root,
            ann_file='annotations/train.json',
            data_prefix=dict(img='images/train/'),
            classes='BASE_CLASSES',
            class_splits=class_splits,
            multi_pipelines=dict(
                query=query_pipeline, support=support_pipeline))))
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='FewShotCocoDataset',
        data_root=data_root,
        ann_file='annotations/val.json',
        data_prefix=dict(img='images/val/'),
        classes='BASE_CLASSES',
        class_splits=class_splits,
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(
    type='FewShotCocoMetric',
    ann_file=data_root + 'annotations/val.json',
    class_splits=dict(BASE_CLASSES=base_toys))
test_evaluator = val_evaluator
support_hook = dict(
    type='SupportInitHook',
    dataset=dict(
        type='FewShotCocoDataset',
        data_root=data_root,
        ann_file='annotations/train.json',
        data_prefix=dict(img='images/train/'),
        classes='BASE_CLASSES',
        class_splits=class_splits,
        num_base_shots=5,
        instance_wise=True,
        pipeline=support_pipeline))
