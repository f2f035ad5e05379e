# Fine-tuning on five toys of each novel class, after synthetic.py; tested on
# the novel classes:
#   python tools/train.py configs/gcn_fsod/synthetic-5shot.py
_base_ = [
    '../_base_/models/gcn_fsod_small.py',
    '../_base_/datasets/synthetic_toys_5shot.py',
    '../_base_/schedules/few_shot_cpu_200.py'
]

model = dict(frozen_parameters=['backbone'])
load_from = 'work_dirs/synthetic/iter_1500.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        reference='gcn_fsod/table1/10-shot_GCN-FSOD/COCO')
]
