# A baseline: TFA fine-tuned on ten shots of every class, base and novel, after
# voc_mini-base-tfa.py:
#   python tools/few_shot/initialize_bbox_head.py \
#       configs/gcn_fsod/voc_mini-10shot-tfa.py \
#       work_dirs/voc_mini-base-tfa/iter_6700.pth \
#       work_dirs/voc_mini-base-tfa/all_classes.pth
# An iteration takes less time than voc_mini-10shot.py's, so there are more.
_base_ = [
    '../_base_/models/tfa_mbv2.py',
    '../_base_/datasets/voc_mini_few_shot_base.py',
    '../_base_/schedules/few_shot_voc_mini_200.py'
]

max_iters = 500
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters
model = dict(
    frozen_parameters=[
        'backbone', 'neck', 'rpn_head', 'roi_head.bbox_head.shared_fcs'
    ],
    roi_head=dict(bbox_head=dict(num_classes=15)))
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        **_base_.voc_mini,
        ann_cfg=_base_.fit_list,
        classes='ALL_CLASSES',
        num_base_shots=10,
        num_novel_shots=10,
        pipeline=_base_.query_pipeline))
val_dataloader = dict(dataset=dict(classes='ALL_CLASSES'))
test_dataloader = val_dataloader
val_evaluator = dict(
    class_splits=dict(NOVEL_CLASSES=_base_.novel_classes))
test_evaluator = val_evaluator
optim_wrapper = dict(optimizer=dict(lr=0.001))
load_from = 'work_dirs/voc_mini-base-tfa/all_classes.pth'
custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='BenchmarkHook', dataset='VOC mini')
]
