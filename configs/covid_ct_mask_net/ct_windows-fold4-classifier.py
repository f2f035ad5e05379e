# Fold 4. Research only, not a medical device.
_base_ = './ct_windows-fold0-classifier.py'

train_dataloader = dict(dataset=dict(ann_file='windows/fold4_train.txt'))
val_dataloader = dict(dataset=dict(ann_file='windows/fold4_test.txt'))
test_dataloader = val_dataloader
load_from = 'work_dirs/covid_semiseg-fold4/epoch_60.pth'
