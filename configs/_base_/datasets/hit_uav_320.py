# HIT-UAV at 320 x 320: 600 training and 150 validation images, thermal, from
# a drone, in COCO's format.
_base_ = './visdrone_640.py'

img_size = 320
train_pipeline = _base_.train_pipeline
train_pipeline[0].update(img_scale=(img_size, img_size))
train_pipeline[1].update(border=(-img_size // 2, -img_size // 2))
train_pipeline[4].update(scale=(img_size, img_size))
test_pipeline = _base_.test_pipeline
test_pipeline[1].update(scale=(img_size, img_size))

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
