# Two shots of each of VOC's 20 classes, after coco_mini-base.py.
_base_ = './coco_mini-base.py'

model = dict(num_support_shots=1, frozen_parameters=['backbone'])
shots = dict(
    **_base_.mini_data,
    ann_file='few_shot/2shot.json',
    classes='NOVEL_CLASSES',
    num_novel_shots=2)
train_dataloader = dict(
    dataset=dict(
        num_support_shots=1,
        dataset=dict(
            _delete_=True,
            **shots,
            multi_pipelines=dict(
                query=_base_.query_pipeline,
                support=_base_.support_pipeline))))
val_dataloader = dict(dataset=dict(classes='NOVEL_CLASSES'))
test_dataloader = val_dataloader
val_evaluator = dict(class_splits=['NOVEL_CLASSES'])
test_evaluator = val_evaluator
train_cfg = dict(max_iters=60, val_interval=60)
optim_wrapper = dict(optimizer=dict(lr=0.0002))
default_hooks = dict(checkpoint=dict(interval=60))
load_from = 'work_dirs/coco_mini-base/iter_200.pth'
support_hook = dict(
    type='SupportInitHook',
    dataset=dict(
        **shots, instance_wise=True, pipeline=_base_.support_pipeline))
custom_hooks = [support_hook, dict(type='BenchmarkHook', dataset='COCO mini')]
