# The synthetic harbour, in the layout of HRSC2016, enlarged to 384 x 384 and
# trained on crops of 256 x 256:
#   python tools/make_synthetic.py harbour data/synthetic_harbour
_base_ = './hrsc2016.py'

train_pipeline = [
    dict(type='LoadImageOrSkip'),
    dict(type='mmdet.LoadAnnotations', with_bbox=True, box_type='qbox'),
    dict(type='ConvertBoxType', box_type_mapping=dict(gt_bboxes='rbox')),
    dict(type='mmdet.Resize', scale=(384, 384), keep_ratio=True),
    dict(
        type='mmdet.RandomFlip',
        prob=0.75,
        direction=['horizontal', 'vertical', 'diagonal']),
    dict(type='RBoxRandomCrop', crop_size=(256, 256)),
    # With the mean of the normalisation, as the batch is padded: black is
    # the colour of deep water.
    dict(type='mmdet.Pad', size=(256, 256),
         pad_val=dict(img=(104, 116, 124))),
    dict(type='mmdet.PackDetInputs')
]
test_pipeline = [
    # Without scope: DetInferencer looks for this name.
    dict(type='LoadImageFromFile'),
    dict(type='mmdet.Resize', scale=(384, 384), keep_ratio=True),
    dict(type='mmdet.LoadAnnotations', with_bbox=True, box_type='qbox'),
    dict(type='ConvertBoxType', box_type_mapping=dict(gt_bboxes='rbox')),
    dict(
        type='mmdet.PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape',
                   'scale_factor'))
]
data_root = 'data/synthetic_harbour/'
train_dataloader = dict(
    batch_size=2,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        data_root=data_root,
        ann_file='ImageSets/train.txt',
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=8,
    num_workers=1,
    dataset=dict(
        data_root=data_root,
        ann_file='ImageSets/val.txt',
        pipeline=test_pipeline))
test_dataloader = dict(
    batch_size=8,
    num_workers=1,
    dataset=dict(data_root=data_root, pipeline=test_pipeline))
