# Ten shots of each novel class by TFA's files, seed 0; those hold more than
# ten boxes, of which ten are chosen.
_base_ = './coco14_few_shot_base.py'

novel_data = dict(
    type='FewShotCocoDefaultDataset',
    data_root=_base_.data_root,
    ann_root=_base_.ann_root,
    ann_cfg=[dict(method='GCN_FSOD', setting='10SHOT', seed=0)],
    data_prefix=dict(img=''),
    classes='NOVEL_CLASSES',
    num_novel_shots=10)
train_dataloader = dict(
    dataset=dict(
        # The tenth is the query.
        num_support_shots=9,
        repeat_times=50,
        dataset=dict(
            _delete_=True,
            **novel_data,
            multi_pipelines=dict(
                query=_base_.query_pipeline,
                support=_base_.support_pipeline))))
val_dataloader = dict(dataset=dict(classes='NOVEL_CLASSES'))
test_dataloader = val_dataloader
val_evaluator = dict(class_splits=['NOVEL_CLASSES'])
test_evaluator = val_evaluator
support_hook = dict(
    dataset=dict(
        _delete_=True,
        **novel_data,
        instance_wise=True,
        pipeline=_base_.support_pipeline))
