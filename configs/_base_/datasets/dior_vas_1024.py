# DIOR-VAS at 1024 x 1024: vehicles, airplanes and ships of DIOR's test images.
#   python tools/dataset_converters/make_dior_vas.py --dior data/DIOR
_base_ = './visdrone_1024.py'

data_root = 'data/DIOR/'
train_dataloader = dict(
    dataset=dict(
        dataset=dict(
            _delete_=True,
            type='DIORVASDataset',
            data_root=data_root,
            ann_file='ImageSets/Main/vas_train.txt',
            data_prefix=dict(sub_data_root=''),
            pipeline=_base_.load_pipeline)))
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='DIORVASDataset',
        data_root=data_root,
        ann_file='ImageSets/Main/vas_val.txt',
        data_prefix=dict(sub_data_root=''),
        test_mode=True,
        pipeline=_base_.test_pipeline))
test_dataloader = val_dataloader

test_evaluator = _base_.val_evaluator
