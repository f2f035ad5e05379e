# Synthetic slices with lesion masks at 256 x 256, in the layout of CNCB:
#   python tools/make_synthetic.py ct data/synthetic_ct
# Research only, not a medical device.
_base_ = './cncb_lesion.py'

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='Resize', scale=(256, 256), keep_ratio=True),
    # The paper has no augmentation, but seven times the slices.
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackCTInputs')
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(256, 256), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='PackCTInputs')
]
data_root = 'data/synthetic_ct/covid_data/'
train_dataloader = dict(
    batch_size=1,
    num_workers=1,
    dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = dict(
    num_workers=1,
    dataset=dict(
        data_root=data_root,
        data_prefix=dict(img='val/imgs/', mask='val/masks/'),
        pipeline=test_pipeline))
test_dataloader = dict(
    num_workers=1,
    dataset=dict(
        data_root=data_root,
        data_prefix=dict(img='test/imgs/', mask='test/masks/'),
        pipeline=test_pipeline))
