# COVIDx-CT: 3000 slices of its training part to train on (the authors' list,
# 1000 of each class), validation and test in full. Research only, not a
# medical device.
dataset_type = 'CTImageDataset'
data_root = 'data/covidx_ct/'

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(512, 512), keep_ratio=False),
    dict(type='PackCTInputs')
]
test_pipeline = train_pipeline
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='train_split_classification.txt',
        data_prefix=dict(img='images/'),
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='val_COVIDx_CT-1.txt',
        data_prefix=dict(img='images/'),
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = dict(
    val_dataloader,
    dataset=dict(
        val_dataloader['dataset'], ann_file='test_COVIDx_CT-1.txt'))

val_evaluator = dict(type='ImageSensitivityMetric')
test_evaluator = dict(type='ImageSensitivityMetric', group_by='patient_id')
