# 5 shots on VOC, split 3 (not in the paper).
_base_ = './voc_split1-1shot.py'

ann_cfg = [dict(method='GCN_FSOD', setting='SPLIT3_5SHOT')]
classes = 'NOVEL_CLASSES_SPLIT3'
model = dict(num_support_shots=4)
train_dataloader = dict(
    dataset=dict(
        num_support_shots=4,
        dataset=dict(
            ann_cfg=ann_cfg,
            classes=classes,
            num_novel_shots=5)))
support_hook = _base_.support_hook
support_hook.dataset.update(
    ann_cfg=ann_cfg, classes=classes, num_novel_shots=5)
custom_hooks = [support_hook, dict(type='BenchmarkHook')]
val_dataloader = dict(dataset=dict(classes=classes))
test_dataloader = val_dataloader
val_evaluator = dict(class_splits=[classes])
test_evaluator = val_evaluator
load_from = 'work_dirs/voc_split3-base/iter_120000.pth'
