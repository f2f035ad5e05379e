# Table 1, TFA w/cos, 30 shots, as coco14-10shot-tfa.py.
_base_ = './coco14-10shot-tfa.py'

train_dataloader = dict(
    dataset=dict(
        ann_cfg=[dict(method='TFA', setting='30SHOT', seed=0)],
        num_base_shots=30,
        num_novel_shots=30))
train_cfg = dict(max_iters=240000, val_interval=240000)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=1000),
    dict(type='MultiStepLR', by_epoch=False, milestones=[216000], gamma=0.1)
]
default_hooks = dict(checkpoint=dict(interval=240000))
custom_hooks = [
    dict(
        type='BenchmarkHook',
        dataset='COCO',
        reference='gcn_fsod/table1/30-shot_TFA_cos/COCO')
]
