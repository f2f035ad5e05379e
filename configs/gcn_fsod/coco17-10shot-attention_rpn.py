# Table 1, Attention RPN, 10 shots, after coco17-base-attention_rpn.py.
_base_ = [
    '../_base_/models/attention_rpn_r50_c4.py',
    '../_base_/datasets/coco17_few_shot.py',
    '../_base_/schedules/few_shot_3k.py'
]

model = dict(num_support_shots=9, frozen_parameters=['backbone'])
load_from = 'work_dirs/coco17-base-attention_rpn/iter_120000.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        dataset='COCO',
        reference='gcn_fsod/table1/10-shot_Attention_RPN/COCO')
]
