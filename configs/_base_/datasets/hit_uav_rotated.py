# The vehicles of HIT-UAV with rotated boxes: 600 training and 150 validation
# images of 640 x 512, thermal, from a drone. Make the labels once:
#   python tools/dataset_converters/convert_hrsd.py --from rolabelimg \
#       data/hit_uav/rotated_xml data/hit_uav --img-dir data/hit_uav/images \
#       --lists train=data/hit_uav/train.txt val=data/hit_uav/val.txt \
#       --keep Car Bicycle OtherVehicle --ignore DontCare
_base_ = './hrsc2016.py'

train_pipeline = [
    dict(type='LoadImageOrSkip'),
    dict(type='mmdet.LoadAnnotations', with_bbox=True, box_type='qbox'),
    dict(type='ConvertBoxType', box_type_mapping=dict(gt_bboxes='rbox')),
    dict(
        type='mmdet.RandomChoiceResize',
        scales=[(512, 410), (640, 512), (800, 640)],
        keep_ratio=True,
        resize_type='mmdet.Resize'),
    dict(
        type='mmdet.RandomFlip',
        prob=0.75,
        direction=['horizontal', 'vertical', 'diagonal']),
    dict(
        type='RandomRotate',
        prob=0.5,
        angle_range=180,
        rotate_type='RBoxRotate',
        img_border_value=(104, 116, 124)),
    dict(type='RBoxRandomCrop', crop_size=(320, 320)),
    dict(type='mmdet.Pad', size=(320, 320),
         pad_val=dict(img=(104, 116, 124))),
    dict(type='mmdet.PackDetInputs')
]
test_pipeline = _base_.test_pipeline
test_pipeline[1].update(scale=(640, 512))

data_root = 'data/hit_uav/'
metainfo = dict(
    classes=('Car', 'Bicycle', 'OtherVehicle'),
    palette=[(0, 0, 142), (119, 11, 32), (0, 60, 100)])
train_dataloader = dict(
    num_workers=1,
    dataset=dict(
        _delete_=True,
        type='HRSDDataset',
        data_root=data_root,
        metainfo=metainfo,
        ann_file='ImageSets/train.txt',
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=train_pipeline))
val_dataloader = dict(
    num_workers=1,
    dataset=dict(
        _delete_=True,
        type='HRSDDataset',
        data_root=data_root,
        metainfo=metainfo,
        ann_file='ImageSets/val.txt',
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader
