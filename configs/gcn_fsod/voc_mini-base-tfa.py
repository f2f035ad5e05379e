# A baseline: TFA's base training on real VOC pictures, for as much CPU time as
# voc_mini-base.py.
_base_ = [
    '../_base_/models/tfa_mbv2.py',
    '../_base_/datasets/voc_mini_few_shot_base.py',
    '../_base_/schedules/few_shot_voc_mini.py'
]

max_iters = 6700
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        **_base_.voc_mini,
        ann_cfg=_base_.fit_list,
        classes='BASE_CLASSES',
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=_base_.query_pipeline))
custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='BenchmarkHook', dataset='VOC mini')
]
