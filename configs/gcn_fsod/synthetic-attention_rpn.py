# A baseline: base training of Attention RPN on the synthetic toys.
_base_ = [
    '../_base_/models/attention_rpn_small.py',
    '../_base_/datasets/synthetic_toys_base.py',
    '../_base_/schedules/few_shot_cpu.py'
]

custom_hooks = [_base_.support_hook, dict(type='BenchmarkHook')]
