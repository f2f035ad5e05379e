# Five shots of each novel class of the synthetic toys, from the validation
# images; tested on the novel classes of the test images.
_base_ = './synthetic_toys_base.py'

num_shots = 5
novel_shots = dict(
    type='FewShotCocoDataset',
    data_root=_base_.data_root,
    ann_file='annotations/val.json',
    data_prefix=dict(img='images/val/'),
    classes='NOVEL_CLASSES',
    class_splits=_base_.class_splits,
    num_novel_shots=num_shots)
train_dataloader = dict(
    dataset=dict(
        repeat_times=50,
        dataset=dict(
            _delete_=True,
            **novel_shots,
            multi_pipelines=dict(
                query=_base_.query_pipeline,
                support=_base_.support_pipeline))))
val_dataloader = dict(
    dataset=dict(
        ann_file='annotations/test.json',
        data_prefix=dict(img='images/test/'),
        classes='NOVEL_CLASSES'))
test_dataloader = val_dataloader
val_evaluator = dict(
    ann_file=_base_.data_root + 'annotations/test.json',
    class_splits=dict(_delete_=True, NOVEL_CLASSES=_base_.novel_toys))
test_evaluator = val_evaluator
support_hook = dict(
    dataset=dict(
        _delete_=True,
        **novel_shots,
        instance_wise=True,
        pipeline=_base_.support_pipeline))
