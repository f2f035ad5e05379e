# Base training on real pictures of VOC 2012, few and small, in data/voc_mini;
# split 3 of VOC, as far as it has enough objects in them. The training list is
# cut in two by
#   cd data/voc_mini/VOC2012/ImageSets/Main
#   awk 'NR % 5' train.txt > fit.txt
#   awk 'NR % 5 == 0' train.txt > search.txt
# fit.txt is learnt from, search.txt is for choosing settings, val.txt for the
# final test.
data_root = 'data/voc_mini/'
novel_classes = ('cat', 'sheep', 'sofa')
base_classes = ('bicycle', 'bird', 'bottle', 'car', 'chair', 'cow',
                'diningtable', 'dog', 'horse', 'person', 'pottedplant',
                'tvmonitor')
class_splits = dict(
    ALL_CLASSES=base_classes + novel_classes,
    NOVEL_CLASSES=novel_classes,
    BASE_CLASSES=base_classes)
meta_keys = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')
query_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='RandomChoiceResize',
        scales=[(s, s) for s in (288, 320, 352, 384)],
        keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs', meta_keys=meta_keys)
]
support_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='CropResizeInstance',
        num_context_pixels=16,
        target_size=(128, 128)),
    dict(type='PackDetInputs', meta_keys=meta_keys)
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(384, 384), keep_ratio=True),
    # The metric takes the ground truth from here.
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=meta_keys)
]
voc_mini = dict(
    type='FewShotVOCDataset',
    data_root=data_root,
    data_prefix=dict(sub_data_root=''),
    class_splits=class_splits)
fit_list = [
    dict(type='ann_file', ann_file='VOC2012/ImageSets/Main/fit.txt')
]
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='QueryAwareDataset',
        num_support_ways=3,
        num_support_shots=2,
        positive_pairs='all',
        dataset=dict(
            **voc_mini,
            ann_cfg=fit_list,
            classes='BASE_CLASSES',
            filter_cfg=dict(filter_empty_gt=True),
            multi_pipelines=dict(
                query=query_pipeline, support=support_pipeline))))
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        **voc_mini,
        ann_cfg=[
            dict(type='ann_file', ann_file='VOC2012/ImageSets/Main/val.txt')
        ],
        classes='BASE_CLASSES',
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(
    type='FewShotVOCMetric',
    iou_thrs=[0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95],
    eval_mode='area',
    class_splits=dict(BASE_CLASSES=base_classes))
test_evaluator = val_evaluator
support_hook = dict(
    type='SupportInitHook',
    dataset=dict(
        **voc_mini,
        ann_cfg=fit_list,
        classes='BASE_CLASSES',
        num_base_shots=5,
        instance_wise=True,
        pipeline=support_pipeline))
