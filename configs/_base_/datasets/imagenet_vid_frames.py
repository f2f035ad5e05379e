# Single images for the first phase: 15 frames of every video of ImageNet VID,
# and the images of ImageNet DET with any of the 30 classes. First:
#   python tools/dataset_converters/imagenet_vid.py data/ILSVRC --det
data_root = 'data/ILSVRC/'
img_scale = (320, 320)
metainfo = dict(
    classes=('airplane', 'antelope', 'bear', 'bicycle', 'bird', 'bus', 'car',
             'cattle', 'dog', 'domestic_cat', 'elephant', 'fox',
             'giant_panda', 'hamster', 'horse', 'lion', 'lizard', 'monkey',
             'motorcycle', 'rabbit', 'red_panda', 'sheep', 'snake',
             'squirrel', 'tiger', 'train', 'turtle', 'watercraft', 'whale',
             'zebra'))

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='Expand',
        mean=[123.675, 116.28, 103.53],
        to_rgb=True,
        ratio_range=(1, 4)),
    dict(
        type='MinIoURandomCrop',
        min_ious=(0.1, 0.3, 0.5, 0.7, 0.9),
        min_crop_size=0.3),
    dict(type='Resize', scale=img_scale, keep_ratio=False),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackDetInputs')
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=img_scale, keep_ratio=False),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape',
                   'scale_factor'))
]
frames = dict(
    type='CocoDataset',
    data_root=data_root,
    ann_file='annotations/imagenet_vid_train_15frames.json',
    data_prefix=dict(img='Data/VID/'),
    metainfo=metainfo,
    filter_cfg=dict(filter_empty_gt=True, min_size=1),
    pipeline=train_pipeline)
images = dict(
    frames,
    ann_file='annotations/imagenet_det_30cls.json',
    data_prefix=dict(img='Data/DET/'))
train_dataloader = dict(
    batch_size=48,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='ConcatDataset', datasets=[frames, images]))
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CocoDataset',
        data_root=data_root,
        ann_file='annotations/imagenet_vid_val.json',
        data_prefix=dict(img='Data/VID/'),
        metainfo=metainfo,
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(
    type='CocoMetric',
    ann_file=data_root + 'annotations/imagenet_vid_val.json',
    metric='bbox')
test_evaluator = val_evaluator
