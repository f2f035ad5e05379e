# Fold 4. Research only, not a medical device.
_base_ = './covid_semiseg-fold0.py'

train_dataloader = dict(dataset=dict(ann_file='fold4_train.txt'))
val_dataloader = dict(dataset=dict(ann_file='fold4_test.txt'))
test_dataloader = val_dataloader
