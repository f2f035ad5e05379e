# Synthetic slices with a class each at 256 x 256, in the lists of COVIDx-CT:
#   python tools/make_synthetic.py ct data/synthetic_ct
# Research only, not a medical device.
_base_ = './covidx_ct.py'

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(256, 256), keep_ratio=False),
    dict(type='PackCTInputs')
]
test_pipeline = train_pipeline
data_root = 'data/synthetic_ct/covidx_ct/'
train_dataloader = dict(
    num_workers=1,
    dataset=dict(
        data_root=data_root,
        ann_file='train_COVIDx-CT.txt',
        pipeline=train_pipeline))
val_dataloader = dict(
    num_workers=1,
    dataset=dict(
        data_root=data_root,
        ann_file='val_COVIDx-CT.txt',
        pipeline=test_pipeline))
test_dataloader = dict(
    num_workers=1,
    dataset=dict(
        data_root=data_root,
        ann_file='test_COVIDx-CT.txt',
        pipeline=test_pipeline))
