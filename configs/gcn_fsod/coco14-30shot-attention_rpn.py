# Attention RPN, 30 shots of TFA's (not in the paper),
# after coco14-base-attention_rpn.py.
_base_ = [
    '../_base_/models/attention_rpn_r50_c4.py',
    '../_base_/datasets/coco14_few_shot_30shot.py',
    '../_base_/schedules/few_shot_3k.py'
]

model = dict(num_support_shots=10, frozen_parameters=['backbone'])
load_from = 'work_dirs/coco14-base-attention_rpn/iter_120000.pth'
custom_hooks = [_base_.support_hook, dict(type='BenchmarkHook')]
