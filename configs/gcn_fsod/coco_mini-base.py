# Base training on a handful of COCO images, on a CPU; shows that the chain
# works on real pictures, not what the method can do.
_base_ = [
    '../_base_/models/gcn_fsod_small.py',
    '../_base_/datasets/coco_mini_few_shot.py',
    '../_base_/schedules/few_shot_cpu_200.py'
]

model = dict(
    rpn_head=dict(anchor_generator=dict(scales=[3, 6, 12, 24])))
optim_wrapper = dict(optimizer=dict(lr=0.001))
custom_hooks = [
    _base_.support_hook,
    dict(type='BenchmarkHook', dataset='COCO mini')
]
