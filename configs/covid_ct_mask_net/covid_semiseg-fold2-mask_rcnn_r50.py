# Fold 2. Research only, not a medical device.
_base_ = './covid_semiseg-fold0-mask_rcnn_r50.py'

train_dataloader = dict(dataset=dict(ann_file='fold2_train.txt'))
val_dataloader = dict(dataset=dict(ann_file='fold2_test.txt'))
test_dataloader = val_dataloader
