# A baseline: base training of Attention RPN on COCO 2014.
_base_ = [
    '../_base_/models/attention_rpn_r50_c4.py',
    '../_base_/datasets/coco14_few_shot_base.py',
    '../_base_/schedules/few_shot_120k.py'
]

# Its own rate.
optim_wrapper = dict(optimizer=dict(lr=0.004))
custom_hooks = [_base_.support_hook, dict(type='BenchmarkHook')]
