# Table 1, TFA w/cos, 10 shots: the last layers fine-tuned on all 80 classes,
# after coco14-base-tfa.py and tools/few_shot/initialize_bbox_head.py.
_base_ = './coco14-base-tfa.py'

model = dict(
    frozen_parameters=[
        'backbone', 'neck', 'rpn_head', 'roi_head.bbox_head.shared_fcs'
    ],
    roi_head=dict(bbox_head=dict(num_classes=80)))
train_dataloader = dict(
    dataset=dict(
        type='FewShotCocoDefaultDataset',
        ann_cfg=[dict(method='TFA', setting='10SHOT', seed=0)],
        classes='ALL_CLASSES',
        num_base_shots=10,
        num_novel_shots=10))
val_dataloader = dict(dataset=dict(classes='ALL_CLASSES'))
test_dataloader = val_dataloader
val_evaluator = dict(class_splits=['BASE_CLASSES', 'NOVEL_CLASSES'])
test_evaluator = val_evaluator
optim_wrapper = dict(optimizer=dict(lr=0.001))
train_cfg = dict(max_iters=160000, val_interval=160000)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=1000),
    dict(type='MultiStepLR', by_epoch=False, milestones=[144000], gamma=0.1)
]
default_hooks = dict(checkpoint=dict(interval=160000))
load_from = 'work_dirs/coco14-base-tfa/all_classes.pth'
custom_hooks = [
    dict(
        type='BenchmarkHook',
        dataset='COCO',
        reference='gcn_fsod/table1/10-shot_TFA_cos/COCO')
]
