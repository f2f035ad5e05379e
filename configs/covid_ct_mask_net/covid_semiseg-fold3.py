# Fold 3. Research only, not a medical device.
_base_ = './covid_semiseg-fold0.py'

train_dataloader = dict(dataset=dict(ann_file='fold3_train.txt'))
val_dataloader = dict(dataset=dict(ann_file='fold3_test.txt'))
test_dataloader = val_dataloader
