# The synthetic town from above, in the layout of VisDrone:
#   python tools/make_synthetic.py aerial data/synthetic_aerial
_base_ = './visdrone_640.py'

img_size = 384
train_pipeline = _base_.train_pipeline
train_pipeline[0].update(img_scale=(img_size, img_size))
train_pipeline[1].update(border=(-img_size // 2, -img_size // 2))
train_pipeline[4].update(scale=(img_size, img_size))
test_pipeline = _base_.test_pipeline
test_pipeline[1].update(scale=(img_size, img_size))

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
