# ImageNet VID as clips of 10 + 1 frames for training, frame by frame for
# testing. First: python tools/dataset_converters/imagenet_vid.py data/ILSVRC
dataset_type = 'ImageNetVIDDataset'
data_root = 'data/ILSVRC/'
img_scale = (320, 320)

train_pipeline = [
    dict(type='ThinningClipSample', num_frames=10, max_thinning=25),
    dict(
        type='TransformBroadcaster',
        transforms=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadTrackAnnotations')
        ]),
    dict(type='ClipSSDGeometric', img_scale=img_scale),
    dict(
        type='ClipBroadcaster',
        transforms=[dict(type='PhotoMetricDistortion')]),
    # Without 'instances', which only a test needs.
    dict(
        type='PackTrackInputs',
        default_meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape',
                           'scale_factor', 'flip', 'flip_direction',
                           'frame_id', 'video_id', 'video_length',
                           'ori_video_length'))
]
test_pipeline = [
    dict(
        type='TransformBroadcaster',
        transforms=[
            dict(type='LoadImageFromFile'),
            dict(type='Resize', scale=img_scale, keep_ratio=False)
        ]),
    dict(type='PackTrackInputs')
]
train_dataloader = dict(
    batch_size=12,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/imagenet_vid_train.json',
        data_prefix=dict(img_path='Data/VID/'),
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='TrackImgSampler'),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/imagenet_vid_val.json',
        data_prefix=dict(img_path='Data/VID/'),
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader

val_evaluator = dict(type='ImageNetVIDMetric')
test_evaluator = val_evaluator
