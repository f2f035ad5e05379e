# Fold 3. Research only, not a medical device.
_base_ = './ct_windows-fold0-classifier.py'

train_dataloader = dict(dataset=dict(ann_file='windows/fold3_train.txt'))
val_dataloader = dict(dataset=dict(ann_file='windows/fold3_test.txt'))
test_dataloader = val_dataloader
load_from = 'work_dirs/covid_semiseg-fold3/epoch_60.pth'
