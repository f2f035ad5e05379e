# Base training on the 15 base classes of split 1 of VOC 2007 and 2012.
_base_ = './coco17_few_shot_base.py'

data_root = 'data/VOCdevkit/'
ann_root = 'data/few_shot_ann/voc/'
voc_lists = [
    dict(type='ann_file', ann_file=f'VOC{year}/ImageSets/Main/trainval.txt')
    for year in (2007, 2012)
]
base_data = dict(
    _delete_=True,
    type='FewShotVOCDataset',
    data_root=data_root,
    ann_cfg=voc_lists,
    data_prefix=dict(sub_data_root=''),
    classes='BASE_CLASSES_SPLIT1')
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(1000, 600), keep_ratio=True),
    # The metric takes the ground truth from here.
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=_base_.meta_keys)
]
train_dataloader = dict(
    dataset=dict(
        dataset=dict(
            **base_data,
            multi_pipelines=dict(
                query=_base_.query_pipeline,
                support=_base_.support_pipeline))))
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='FewShotVOCDataset',
        data_root=data_root,
        ann_cfg=[
            dict(
                type='ann_file',
                ann_file='VOC2007/ImageSets/Main/test.txt')
        ],
        data_prefix=dict(sub_data_root=''),
        classes='BASE_CLASSES_SPLIT1',
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(
    _delete_=True,
    type='FewShotVOCMetric',
    class_splits=['BASE_CLASSES_SPLIT1'])
test_evaluator = val_evaluator
support_hook = dict(
    dataset=dict(
        **base_data,
        num_base_shots=10,
        instance_wise=True,
        pipeline=_base_.support_pipeline))
