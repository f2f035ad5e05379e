# The classifier of covid_semiseg.py on real slices with and without COVID-19
# (not in the tables). Research only, not a medical device.
_base_ = './synthetic-classifier.py'

classes = dict(image_classes=('Control', 'COVID-19'))
data_root = 'data/ct_crops/'
model = dict(img_head=dict(num_classes=2))
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        metainfo=classes,
        ann_file='fold0_train.txt',
        data_prefix=dict(img='')))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        metainfo=classes,
        ann_file='fold0_test.txt',
        data_prefix=dict(img='')))
test_dataloader = val_dataloader
val_evaluator = dict(type='ImageSensitivityMetric')
# Names of crops tell no patient.
test_evaluator = dict(_delete_=True, **val_evaluator)
load_from = 'work_dirs/covid_semiseg/epoch_8.pth'

custom_hooks = [dict(type='BenchmarkHook', dataset='COVID-CT crops')]
