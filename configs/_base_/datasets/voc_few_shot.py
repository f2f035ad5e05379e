# One shot of each of the 5 novel classes of split 1 of VOC.
_base_ = './voc_few_shot_base.py'

novel_data = dict(
    type='FewShotVOCDefaultDataset',
    data_root=_base_.data_root,
    ann_root=_base_.ann_root,
    ann_cfg=[dict(method='GCN_FSOD', setting='SPLIT1_1SHOT')],
    data_prefix=dict(sub_data_root=''),
    classes='NOVEL_CLASSES_SPLIT1',
    num_novel_shots=1)
train_dataloader = dict(
    dataset=dict(
        num_support_shots=1,
        repeat_times=50,
        dataset=dict(
            _delete_=True,
            **novel_data,
            multi_pipelines=dict(
                query=_base_.query_pipeline,
                support=_base_.support_pipeline))))
val_dataloader = dict(dataset=dict(classes='NOVEL_CLASSES_SPLIT1'))
test_dataloader = val_dataloader
val_evaluator = dict(class_splits=['NOVEL_CLASSES_SPLIT1'])
test_evaluator = val_evaluator
support_hook = dict(
    dataset=dict(
        _delete_=True,
        **novel_data,
        instance_wise=True,
        pipeline=_base_.support_pipeline))
