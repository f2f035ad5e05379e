# First phase on a few real videos (DAVIS 2016 in ILSVRC's layout), small
# enough for a CPU; see README.md for the data. No row of a table.
_base_ = './synthetic-pretrain.py'

data_root = 'data/davis_vid/'
img_scale = (224, 128)
metainfo = dict(
    classes=('bicycle', 'bird', 'car', 'cattle', 'dog', 'horse',
             'motorcycle'))
model = dict(
    bbox_head=dict(
        num_classes=7,
        anchor_generator=dict(
            strides=[16, 32, 64],
            min_sizes=[32, 64, 112],
            max_sizes=[64, 112, 180])))
train_pipeline = _base_.train_pipeline
train_pipeline[3].update(scale=img_scale)
test_pipeline = _base_.test_pipeline
test_pipeline[1].update(scale=img_scale)
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        data_root=data_root, metainfo=metainfo, pipeline=train_pipeline))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root, metainfo=metainfo, pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(
    ann_file=data_root + 'annotations/imagenet_vid_val.json')
test_evaluator = val_evaluator
max_epochs = 30
train_cfg = dict(max_epochs=max_epochs, val_interval=15)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=30),
    dict(
        type='CosineAnnealingLR',
        T_max=max_epochs,
        eta_min_ratio=0.01,
        by_epoch=True,
        convert_to_iter_based=True)
]
default_hooks = dict(logger=dict(interval=16), checkpoint=dict(interval=15))
