# HRSC2016 at 512 x 512, 617 training and 444 test images.
dataset_type = 'HRSC2016Dataset'
data_root = 'data/hrsc/'

train_pipeline = [
    dict(type='LoadImageOrSkip'),
    dict(type='mmdet.LoadAnnotations', with_bbox=True, box_type='qbox'),
    dict(type='ConvertBoxType', box_type_mapping=dict(gt_bboxes='rbox')),
    dict(
        type='mmdet.RandomChoiceResize',
        scales=[(512, 512), (640, 640), (768, 768)],
        keep_ratio=True,
        resize_type='mmdet.Resize'),
    dict(type='mmdet.RandomFlip', prob=0.5, direction='horizontal'),
    dict(
        type='RandomRotate',
        prob=0.5,
        angle_range=180,
        rotate_type='RBoxRotate',
        img_border_value=(104, 116, 124)),
    dict(type='RBoxRandomCrop', crop_size=(512, 512)),
    # With the mean of the normalisation, as the batch is padded: black is
    # the colour of deep water.
    dict(type='mmdet.Pad', size=(512, 512),
         pad_val=dict(img=(104, 116, 124))),
    dict(type='mmdet.FilterAnnotations', min_gt_bbox_wh=(2, 2),
         keep_empty=False),
    dict(type='mmdet.PackDetInputs')
]
test_pipeline = [
    # Without scope: DetInferencer looks for this name.
    dict(type='LoadImageFromFile'),
    dict(type='mmdet.Resize', scale=(512, 512), keep_ratio=True),
    # After Resize: boxes stay in the coordinates of the original image.
    dict(type='mmdet.LoadAnnotations', with_bbox=True, box_type='qbox'),
    dict(type='ConvertBoxType', box_type_mapping=dict(gt_bboxes='rbox')),
    dict(
        type='mmdet.PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape',
                   'scale_factor'))
]

train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='ImageSets/trainval.txt',
        data_prefix=dict(sub_data_root='FullDataSet/'),
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='ImageSets/test.txt',
        data_prefix=dict(sub_data_root='FullDataSet/'),
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader

# VOC 2007's 11 points are what the published HRSC2016 tables use.
val_evaluator = [
    dict(type='RBoxAPMetric', eval_mode='11points', prefix='voc07'),
    dict(type='RBoxAPMetric', eval_mode='area', prefix='voc12')
]
test_evaluator = val_evaluator
