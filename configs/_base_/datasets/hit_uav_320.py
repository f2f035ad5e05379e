# HIT-UAV at 320 x 320: 600 training and 150 validation images, thermal, from
# a drone, in COCO's format.
_base_ = './visdrone_640.py'

train_pipeline = [
    dict(type='Mosaic', img_scale=(320, 320), pad_val=114.0),
    dict(
        type='CenteredRandomAffine',
        max_rotate_degree=0.,
        max_shear_degree=0.,
        max_translate_ratio=0.1,
        scaling_ratio_range=(0.5, 1.5),
        border=(-160, -160)),
    dict(type='YOLOXHSVRandomAug'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Resize', scale=(320, 320), keep_ratio=True),
    dict(
        type='Pad',
        pad_to_square=True,
        pad_val=dict(img=(114.0, 114.0, 114.0))),
    dict(type='FilterAnnotations', min_gt_bbox_wh=(1, 1), keep_empty=False),
    dict(type='PackDetInputs')
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(320, 320), keep_ratio=True),
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

data_root = 'data/hit_uav/'
metainfo = dict(
    classes=('Person', 'Car', 'Bicycle', 'OtherVehicle'),
    palette=[(220, 20, 60), (0, 0, 142), (119, 11, 32), (0, 60, 100)])
train_dataloader = dict(
    batch_size=4,
    num_workers=1,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        dataset=dict(
            _delete_=True,
            type='CocoDataset',
            data_root=data_root,
            metainfo=metainfo,
            ann_file='annotations/train.json',
            data_prefix=dict(img='images/'),
            pipeline=_base_.load_pipeline),
        pipeline=train_pipeline))
val_dataloader = dict(
    num_workers=1,
    dataset=dict(
        _delete_=True,
        type='CocoDataset',
        data_root=data_root,
        metainfo=metainfo,
        ann_file='annotations/val.json',
        data_prefix=dict(img='images/'),
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader
test_evaluator = _base_.val_evaluator
