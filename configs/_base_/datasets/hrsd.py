# HRSD, images of 600 x 300 to 7000 x 3500, cut into tiles of 1024 which are
# read at 512 x 512. Make the tiles once:
#   python tools/dataset_converters/tile_images.py data/hrsd data/hrsd_1024
# Validation and test measure on the full images.
_base_ = './hrsc2016.py'
dataset_type = 'HRSDDataset'
data_root = 'data/hrsd_1024/'

train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='ImageSets/train.txt',
        data_prefix=dict(_delete_=True)))
val_dataloader = dict(
    batch_size=4,
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='ImageSets/val.txt',
        data_prefix=dict(_delete_=True)))
test_dataloader = dict(
    batch_size=4,
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='ImageSets/test.txt',
        data_prefix=dict(_delete_=True)))

val_evaluator = [
    dict(
        type='MergedRBoxAPMetric',
        ann_dir='data/hrsd/labelTxt',
        eval_mode='11points',
        prefix='voc07'),
    dict(
        type='MergedRBoxAPMetric',
        ann_dir='data/hrsd/labelTxt',
        eval_mode='area',
        prefix='voc12')
]
test_evaluator = val_evaluator
