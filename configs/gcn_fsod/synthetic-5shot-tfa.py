# A baseline: TFA fine-tuned on five toys of every class, base and novel, after
# synthetic-tfa_base.py; as many iterations as synthetic-5shot.py:
#   python tools/few_shot/initialize_bbox_head.py \
#       configs/gcn_fsod/synthetic-5shot-tfa.py \
#       work_dirs/synthetic-tfa_base/iter_1200.pth \
#       work_dirs/synthetic-tfa_base/all_classes.pth
_base_ = ['./synthetic-tfa_base.py']

classes = _base_.class_splits['ALL_CLASSES']
model = dict(
    frozen_parameters=[
        'backbone', 'rpn_head', 'roi_head.bbox_head.shared_fcs'
    ],
    roi_head=dict(bbox_head=dict(num_classes=20)))
max_iters = 200
train_dataloader = dict(
    dataset=dict(
        ann_file='annotations/val.json',
        data_prefix=dict(img='images/val/'),
        classes='ALL_CLASSES',
        num_base_shots=5,
        num_novel_shots=5))
val_dataloader = dict(
    dataset=dict(
        ann_file='annotations/test.json',
        data_prefix=dict(img='images/test/'),
        classes='ALL_CLASSES'))
test_dataloader = val_dataloader
val_evaluator = dict(
    ann_file=_base_.data_root + 'annotations/test.json',
    class_splits=dict(
        BASE_CLASSES=_base_.base_toys, NOVEL_CLASSES=_base_.novel_toys))
test_evaluator = val_evaluator
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=20),
    dict(
        type='CosineAnnealingLR',
        T_max=max_iters,
        eta_min_ratio=0.02,
        by_epoch=False)
]
optim_wrapper = dict(optimizer=dict(lr=0.001))
default_hooks = dict(checkpoint=dict(interval=max_iters))
load_from = 'work_dirs/synthetic-tfa_base/all_classes.pth'
custom_hooks = [dict(type='BenchmarkHook')]
