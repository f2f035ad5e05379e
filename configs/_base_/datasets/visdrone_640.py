# VisDrone2019-DET at 640 x 640: 6471 training and 548 validation images.
dataset_type = 'VisDroneDataset'
data_root = 'data/VisDrone/'

load_pipeline = [
    dict(type='LoadImageOrSkip'),
    dict(type='LoadAnnotations', with_bbox=True)
]
train_pipeline = [
    dict(type='Mosaic', img_scale=(640, 640), pad_val=114.0),
    dict(
        type='CenteredRandomAffine',
        max_rotate_degree=0.,
        max_shear_degree=0.,
        max_translate_ratio=0.1,
        scaling_ratio_range=(0.5, 1.5),
        border=(-320, -320)),
    dict(type='YOLOXHSVRandomAug'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Resize', scale=(640, 640), keep_ratio=True),
    dict(
        type='Pad',
        pad_to_square=True,
        pad_val=dict(img=(114.0, 114.0, 114.0))),
    dict(type='FilterAnnotations', min_gt_bbox_wh=(1, 1), keep_empty=False),
    dict(type='PackDetInputs')
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(640, 640), keep_ratio=True),
    dict(
        type='Pad',
        pad_to_square=True,
        pad_val=dict(img=(114.0, 114.0, 114.0))),
    # Boxes stay in the coordinates of the original image.
    dict(type='LoadInstances', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape',
                   'scale_factor', 'instances'))
]

train_dataloader = dict(
    batch_size=16,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='MultiImageMixDataset',
        dataset=dict(
            type=dataset_type,
            data_root=data_root,
            data_prefix=dict(
                img='VisDrone2019-DET-train/images',
                ann='VisDrone2019-DET-train/annotations'),
            pipeline=load_pipeline),
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(
            img='VisDrone2019-DET-val/images',
            ann='VisDrone2019-DET-val/annotations'),
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader

# COCO's own mAP looks at 100 boxes per image, too few for VisDrone; its AP at
# single IoUs counts up to 1000.
val_evaluator = [
    dict(type='DetPRMetric'),
    dict(type='CocoMetric', metric='bbox', proposal_nums=(100, 300, 1000))
]
# The protocol of VisDrone's toolkit beside it.
test_evaluator = [
    *val_evaluator,
    dict(
        type='DetPRMetric',
        prefix='visdrone',
        ignore_mode='drop',
        max_dets=500,
        ap_mode='area')
]
