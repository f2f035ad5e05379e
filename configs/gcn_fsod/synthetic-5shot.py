# Fine-tuning on five toys of each novel class, after synthetic.py; tested on
# the novel classes:
#   python tools/train.py configs/gcn_fsod/synthetic-5shot.py \
#       --cfg-options load_from=work_dirs/synthetic/iter_1200.pth
_base_ = [
    '../_base_/models/gcn_fsod_small.py',
    '../_base_/datasets/synthetic_toys_5shot.py',
    '../_base_/schedules/few_shot_cpu.py'
]

model = dict(frozen_parameters=['backbone'])
max_iters = 200
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=20),
    dict(
        type='CosineAnnealingLR',
        T_max=max_iters,
        eta_min_ratio=0.02,
        by_epoch=False)
]
optim_wrapper = dict(optimizer=dict(lr=0.0001))
default_hooks = dict(checkpoint=dict(interval=max_iters))
load_from = 'work_dirs/synthetic/iter_1200.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        reference='gcn_fsod/table1/10-shot_GCN-FSOD/COCO')
]
