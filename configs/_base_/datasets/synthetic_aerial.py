# The synthetic town from above, in the layout of VisDrone:
#   python tools/make_synthetic.py aerial data/synthetic_aerial
_base_ = './visdrone_640.py'

train_pipeline = [
    dict(type='Mosaic', img_scale=(384, 384), pad_val=114.0),
    dict(
        type='CenteredRandomAffine',
        max_rotate_degree=0.,
        max_shear_degree=0.,
        max_translate_ratio=0.1,
        scaling_ratio_range=(0.5, 1.5),
        border=(-192, -192)),
    dict(type='YOLOXHSVRandomAug'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Resize', scale=(384, 384), keep_ratio=True),
    dict(
        type='Pad',
        pad_to_square=True,
        pad_val=dict(img=(114.0, 114.0, 114.0))),
    dict(type='FilterAnnotations', min_gt_bbox_wh=(1, 1), keep_empty=False),
    dict(type='PackDetInputs')
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(384, 384), keep_ratio=True),
    dict(
        type='Pad',
        pad_to_square=True,
        pad_val=dict(img=(114.0, 114.0, 114.0))),
    # Boxes stay in the coordinates of the original image.
    dict(type='LoadInstances', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape',
                   'scale_factor', 'instances'))
]

data_root = 'data/synthetic_aerial/'
# Of VisDrone's ten.
metainfo = dict(
    classes=('pedestrian', 'car', 'truck', 'bus'),
    palette=[(220, 20, 60), (0, 0, 142), (0, 0, 70), (0, 60, 100)])
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    dataset=dict(
        dataset=dict(data_root=data_root, metainfo=metainfo),
        pipeline=train_pipeline))
val_dataloader = dict(
    num_workers=1,
    dataset=dict(
        data_root=data_root, metainfo=metainfo, pipeline=test_pipeline))
test_dataloader = dict(
    num_workers=1,
    dataset=dict(
        data_root=data_root,
        metainfo=metainfo,
        data_prefix=dict(
            img='VisDrone2019-DET-test-dev/images',
            ann='VisDrone2019-DET-test-dev/annotations'),
        pipeline=test_pipeline))
