# Tiles of one marina in the layout of HRSC2016, at 384 x 384; six to train
# on, two to test.
_base_ = './synthetic_harbour.py'

train_pipeline = [
    dict(type='mmdet.LoadImageFromFile'),
    dict(type='mmdet.LoadAnnotations', with_bbox=True, box_type='qbox'),
    dict(type='ConvertBoxType', box_type_mapping=dict(gt_bboxes='rbox')),
    dict(
        type='mmdet.RandomChoiceResize',
        scales=[(320, 320), (384, 384), (448, 448), (512, 512)],
        keep_ratio=True,
        resize_type='mmdet.Resize'),
    dict(
        type='mmdet.RandomFlip',
        prob=0.75,
        direction=['horizontal', 'vertical', 'diagonal']),
    dict(type='RandomRotate', prob=0.8, angle_range=180),
    dict(type='RBoxRandomCrop', crop_size=(384, 384)),
    dict(type='mmdet.PhotoMetricDistortion'),
    dict(type='mmdet.Pad', size=(384, 384)),
    dict(type='mmdet.PackDetInputs')
]
test_pipeline = [
    # Without scope: DetInferencer looks for this name.
    dict(type='LoadImageFromFile'),
    dict(type='mmdet.Resize', scale=(384, 384), keep_ratio=True),
    dict(type='mmdet.Pad', size=(384, 384)),
    dict(type='mmdet.LoadAnnotations', with_bbox=True, box_type='qbox'),
    dict(type='ConvertBoxType', box_type_mapping=dict(gt_bboxes='rbox')),
    dict(
        type='mmdet.PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape',
                   'scale_factor'))
]
data_root = 'data/marina/'
train_dataloader = dict(
    sampler=dict(_delete_=True, type='InfiniteSampler', shuffle=True),
    dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=1, dataset=dict(data_root=data_root, pipeline=test_pipeline))
test_dataloader = dict(
    batch_size=1,
    dataset=dict(
        data_root=data_root,
        ann_file='ImageSets/val.txt',
        pipeline=test_pipeline))
