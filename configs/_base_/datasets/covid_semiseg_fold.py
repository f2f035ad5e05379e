# A fold of the slices, larger and more varied. The lists are made by
# tools/dataset_converters/ct_windows.py.
_base_ = './covid_semiseg.py'

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(
        type='RandomResize',
        scale=(384, 384),
        ratio_range=(0.75, 1.33),
        keep_ratio=True),
    dict(type='RandomCrop', crop_size=(384, 384)),
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
val_evaluator = [
    dict(type='LesionMeanAP', score_thr=0.75),
    dict(type='LesionMeanAP', score_thr=0.5, prefix='lesion_at_0.5'),
    dict(type='CocoMetric', metric=['bbox', 'segm'])
]
test_evaluator = val_evaluator
