# Single images for the first phase: 15 frames of every video of ImageNet VID,
# and the images of ImageNet DET with any of the 30 classes. First:
#   python tools/dataset_converters/imagenet_vid.py data/ILSVRC --det
data_root = 'data/ILSVRC/'
img_scale = (320, 320)

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
frames = dict(
    type='CocoDataset',
    data_root=data_root,
    ann_file='annotations/imagenet_vid_train_15frames.json',
    data_prefix=dict(img='Data/VID/'),
    filter_cfg=dict(filter_empty_gt=True, min_size=1),
    pipeline=train_pipeline)
train_dataloader = dict(
    batch_size=48,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    batch_sampler=None,
    dataset=frames)
