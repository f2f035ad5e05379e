# HIT-UAV at 512 x 512.
_base_ = './hit_uav_320.py'

img_size = 512
train_pipeline = _base_.train_pipeline
train_pipeline[0].update(img_scale=(img_size, img_size))
train_pipeline[1].update(border=(-img_size // 2, -img_size // 2))
train_pipeline[4].update(scale=(img_size, img_size))
test_pipeline = _base_.test_pipeline
test_pipeline[1].update(scale=(img_size, img_size))

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
