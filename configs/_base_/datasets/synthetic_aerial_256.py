# The synthetic town at 256 x 256, for the ablations.
_base_ = './synthetic_aerial.py'

img_size = 256
train_pipeline = _base_.train_pipeline
train_pipeline[0].update(img_scale=(img_size, img_size))
train_pipeline[1].update(border=(-img_size // 2, -img_size // 2))
train_pipeline[4].update(scale=(img_size, img_size))
test_pipeline = _base_.test_pipeline
test_pipeline[1].update(scale=(img_size, img_size))

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
