# Base training on the 60 base classes of COCO 2017; images with a small
# base-class box are left out. Novel objects in them stay unlabelled.
data_root = 'data/coco/'
ann_root = 'data/few_shot_ann/coco/'
meta_keys = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')
query_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='RandomChoiceResize',
        scales=[(1000, side) for side in (440, 472, 504, 536, 568, 600)],
        keep_ratio=True),
    dict(type='PackDetInputs', meta_keys=meta_keys)
]
support_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='CropResizeInstance',
        num_context_pixels=16,
        target_size=(320, 320)),
    dict(type='PackDetInputs', meta_keys=meta_keys)
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(1000, 600), keep_ratio=True),
    dict(type='PackDetInputs', meta_keys=meta_keys)
]
base_data = dict(
    type='FewShotCocoDataset',
    data_root=data_root,
    ann_cfg=[
        dict(
            type='ann_file', ann_file='annotations/instances_train2017.json')
    ],
    data_prefix=dict(img=''),
    classes='BASE_CLASSES',
    min_bbox_area=32 * 32)
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='QueryAwareDataset',
        num_support_ways=2,
        num_support_shots=10,
        dataset=dict(
            **base_data,
            multi_pipelines=dict(
                query=query_pipeline, support=support_pipeline))))
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='FewShotCocoDataset',
        data_root=data_root,
        ann_cfg=[
            dict(
                type='ann_file',
                ann_file='annotations/instances_val2017.json')
        ],
        data_prefix=dict(img=''),
        classes='BASE_CLASSES',
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(
    type='FewShotCocoMetric',
    ann_file=data_root + 'annotations/instances_val2017.json',
    class_splits=['BASE_CLASSES'])
test_evaluator = val_evaluator
support_hook = dict(
    type='SupportInitHook',
    num_workers=2,
    dataset=dict(
        **base_data,
        num_base_shots=10,
        instance_wise=True,
        pipeline=support_pipeline))
