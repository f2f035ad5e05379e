# A baseline: TFA's base training on the synthetic toys, as many iterations
# and query images as synthetic.py.
_base_ = [
    '../_base_/models/tfa_small.py',
    '../_base_/datasets/synthetic_toys_base.py',
    '../_base_/schedules/few_shot_cpu.py'
]

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='FewShotCocoDataset',
        data_root=_base_.data_root,
        ann_file='annotations/train.json',
        data_prefix=dict(img='images/train/'),
        classes='BASE_CLASSES',
        class_splits=_base_.class_splits,
        pipeline=_base_.query_pipeline))
custom_hooks = [dict(type='BenchmarkHook')]
