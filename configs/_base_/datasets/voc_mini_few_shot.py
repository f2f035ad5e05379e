# Ten shots of cat, sheep and sofa from real VOC pictures; tested with these
# and up to 30 supports of every base class, so that classes compete, and
# counted by split.
_base_ = './voc_mini_few_shot_base.py'

novel_shots = dict(
    **_base_.voc_mini,
    ann_cfg=_base_.fit_list,
    classes='NOVEL_CLASSES',
    num_novel_shots=10)
train_dataloader = dict(
    dataset=dict(
        # Two of three classes: any picture has an absent one.
        num_support_ways=2,
        repeat_times=20,
        dataset=dict(
            _delete_=True,
            **novel_shots,
            multi_pipelines=dict(
                query=_base_.query_pipeline,
                support=_base_.support_pipeline))))
val_dataloader = dict(dataset=dict(classes='ALL_CLASSES'))
test_dataloader = val_dataloader
val_evaluator = dict(
    class_splits=dict(NOVEL_CLASSES=_base_.novel_classes))
test_evaluator = val_evaluator
support_hook = dict(
    dataset=dict(
        classes='ALL_CLASSES',
        num_novel_shots=10,
        # Of these there are plenty. Chosen on search.txt: five shots' novel
        # AP50 is 28.1 (GCN-FSOD), with five of each base class 26.2.
        num_base_shots=30))
