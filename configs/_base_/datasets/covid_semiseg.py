# 50 real slices of COVID-SemiSeg with masks of ground glass and
# consolidation, 40 to train on and the last 10 to test on; README.md tells
# how to lay them out. Research only, not a medical device.
_base_ = './synthetic_ct.py'

data_root = 'data/covid_semiseg/'
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='train.txt',
        data_prefix=dict(img='imgs/', mask='masks/')))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='test.txt',
        data_prefix=dict(img='imgs/', mask='masks/')))
test_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='test.txt',
        data_prefix=dict(img='imgs/', mask='masks/')))
