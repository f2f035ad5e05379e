# The complete model on a few real videos (DAVIS 2016 in ILSVRC's layout),
# small enough for a CPU; see README.md for the data. Trains on from
# davis_vid-pretrain.py.
_base_ = './synthetic.py'

data_root = 'data/davis_vid/'
img_scale = (224, 128)
metainfo = dict(
    classes=('bicycle', 'bird', 'car', 'cattle', 'dog', 'horse',
             'motorcycle'))
model = dict(
    detector=dict(
        bbox_head=dict(
            num_classes=7,
            anchor_generator=dict(
                strides=[16, 32, 64],
                min_sizes=[32, 64, 112],
                max_sizes=[64, 112, 180])),
        init_cfg=dict(
            checkpoint='work_dirs/davis_vid-pretrain/epoch_30.pth')))
train_pipeline = _base_.train_pipeline
train_pipeline[0].update(num_frames=6)
train_pipeline[2].update(img_scale=img_scale)
test_pipeline = _base_.test_pipeline
test_pipeline[0].transforms[1].update(scale=img_scale)
train_dataloader = dict(
    dataset=dict(
        times=4,
        dataset=dict(
            data_root=data_root, metainfo=metainfo,
            pipeline=train_pipeline)))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root, metainfo=metainfo, pipeline=test_pipeline))
test_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/imagenet_vid_val.json',
        metainfo=metainfo,
        pipeline=test_pipeline))
custom_hooks = [
    dict(
        type='FeatureForecastPhaseHook', decision_begin=5, thinning_off=9),
    dict(type='VIDDumpCheckHook'),
    dict(type='NumClassCheckHook'),
    dict(
        type='BenchmarkHook',
        dataset='DAVIS videos',
        reference='feature_forecast/table2/Complete/ImageNet-VID')
]
