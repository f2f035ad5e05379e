# A handful of COCO images in data/coco_mini, cut by
#   cd data/coco_mini
#   python ../../tools/few_shot/make_few_shot_split.py \
#       annotations/instances_boxes.json few_shot/2shot.json --shots 2 \
#       --classes NOVEL_CLASSES --rest few_shot/train.json few_shot/test.json
# Base classes are those with some objects in the training images.
_base_ = './synthetic_toys_base.py'

data_root = 'data/coco_mini/'
mini_classes = ('bench', 'elephant', 'umbrella', 'handbag', 'tie',
                'skateboard', 'surfboard', 'wine glass', 'cup', 'fork',
                'knife', 'spoon', 'bowl', 'broccoli', 'toilet', 'laptop',
                'microwave', 'oven', 'sink', 'refrigerator', 'clock', 'vase')
query_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=(320, 256), keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs', meta_keys=_base_.meta_keys)
]
support_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='CropResizeInstance',
        num_context_pixels=16,
        target_size=(96, 96)),
    dict(type='PackDetInputs', meta_keys=_base_.meta_keys)
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(320, 256), keep_ratio=True),
    dict(type='PackDetInputs', meta_keys=_base_.meta_keys)
]
mini_data = dict(
    type='FewShotCocoDataset',
    data_root=data_root,
    data_prefix=dict(img='images/'))
train_dataloader = dict(
    dataset=dict(
        dataset=dict(
            _delete_=True,
            **mini_data,
            ann_file='few_shot/train.json',
            classes=mini_classes,
            multi_pipelines=dict(
                query=query_pipeline, support=support_pipeline))))
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        **mini_data,
        ann_file='few_shot/test.json',
        classes=mini_classes,
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(
    _delete_=True,
    type='FewShotCocoMetric',
    ann_file=data_root + 'few_shot/test.json')
test_evaluator = val_evaluator
support_hook = dict(
    dataset=dict(
        _delete_=True,
        **mini_data,
        ann_file='few_shot/train.json',
        classes=mini_classes,
        ann_shot_filter=dict.fromkeys(mini_classes, 2),
        instance_wise=True,
        pipeline=support_pipeline))
