# 50 epochs of eight images by Adam at a constant rate; validation, on seven
# times the training images, every tenth.
_base_ = './covid_seg_100e.py'

train_cfg = dict(max_epochs=50, val_interval=10)
auto_scale_lr = dict(base_batch_size=8)
