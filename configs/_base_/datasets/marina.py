# Tiles of one marina in the layout of HRSC2016, enlarged to 512 x 512;
# trained on crops of 256 x 256. Six tiles to train on, two to test.
_base_ = './synthetic_harbour.py'

train_pipeline = [
    dict(type='LoadImageOrSkip'),
    dict(type='mmdet.LoadAnnotations', with_bbox=True, box_type='qbox'),
    dict(type='ConvertBoxType', box_type_mapping=dict(gt_bboxes='rbox')),
    dict(
        type='mmdet.RandomChoiceResize',
        scales=[(384, 384), (448, 448), (512, 512), (576, 576)],
        keep_ratio=True,
        resize_type='mmdet.Resize'),
    dict(
        type='mmdet.RandomFlip',
        prob=0.75,
        direction=['horizontal', 'vertical', 'diagonal']),
    dict(
        type='RandomRotate',
        prob=0.8,
        angle_range=180,
        rotate_type='RBoxRotate',
        img_border_value=(104, 116, 124)),
    dict(type='RBoxRandomCrop', crop_size=(256, 256)),
    dict(type='mmdet.PhotoMetricDistortion'),
    # With the mean of the normalisation, as the batch is padded: black is
    # the colour of deep water.
    dict(type='mmdet.Pad', size=(256, 256),
         pad_val=dict(img=(104, 116, 124))),
    dict(type='mmdet.PackDetInputs')
]
test_pipeline = _base_.test_pipeline
test_pipeline[1].update(scale=(512, 512))
# kmeans_anchors.py configs/larsd/marina.py --symmetric
marina_anchors = [[(44, 16), (16, 47), (54, 17), (19, 57), (58, 19)],
                  [(65, 21), (22, 65), (76, 22), (24, 73), (70, 25)],
                  [(80, 26), (26, 82), (89, 28), (31, 98), (101, 32)]]
data_root = 'data/marina/'
train_dataloader = dict(
    batch_size=4,
    sampler=dict(type='InfiniteSampler'),
    dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=1, dataset=dict(data_root=data_root, pipeline=test_pipeline))
test_dataloader = dict(
    batch_size=1,
    dataset=dict(
        data_root=data_root,
        ann_file='ImageSets/val.txt',
        pipeline=test_pipeline))
