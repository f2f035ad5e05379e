# A baseline: TFA fine-tuned on five toys of every class, base and novel, after
# synthetic-tfa_base.py; as many iterations as synthetic-5shot.py:
#   python tools/few_shot/initialize_bbox_head.py \
#       configs/gcn_fsod/synthetic-5shot-tfa.py \
#       work_dirs/synthetic-tfa_base/iter_1500.pth \
#       work_dirs/synthetic-tfa_base/all_classes.pth
_base_ = [
    '../_base_/models/tfa_small.py',
    '../_base_/datasets/synthetic_toys_base.py',
    '../_base_/schedules/few_shot_cpu_200.py'
]

model = dict(
    frozen_parameters=[
        'backbone', 'rpn_head', 'roi_head.bbox_head.shared_fcs'
    ],
    roi_head=dict(bbox_head=dict(num_classes=20)))
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='FewShotCocoDataset',
        data_root=_base_.data_root,
        ann_file='annotations/val.json',
        data_prefix=dict(img='images/val/'),
        classes='ALL_CLASSES',
        class_splits=_base_.class_splits,
        num_base_shots=5,
        num_novel_shots=5,
        pipeline=_base_.query_pipeline))
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
optim_wrapper = dict(optimizer=dict(lr=0.001))
load_from = 'work_dirs/synthetic-tfa_base/all_classes.pth'
custom_hooks = [dict(type='BenchmarkHook')]
