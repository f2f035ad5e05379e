# A baseline: Attention RPN, after synthetic-attention_rpn.py.
_base_ = [
    '../_base_/models/attention_rpn_small.py',
    '../_base_/datasets/synthetic_toys_5shot.py',
    '../_base_/schedules/few_shot_cpu_200.py'
]

model = dict(frozen_parameters=['backbone'])
load_from = 'work_dirs/synthetic-attention_rpn/iter_1500.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        reference='gcn_fsod/table1/10-shot_Attention_RPN/COCO')
]
