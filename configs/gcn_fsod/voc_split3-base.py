# Base training on VOC, split 3 (not in the paper).
_base_ = './voc_split1-base.py'

train_dataloader = dict(
    dataset=dict(dataset=dict(classes='BASE_CLASSES_SPLIT3')))
val_dataloader = dict(dataset=dict(classes='BASE_CLASSES_SPLIT3'))
test_dataloader = val_dataloader
val_evaluator = dict(class_splits=['BASE_CLASSES_SPLIT3'])
test_evaluator = val_evaluator
support_hook = _base_.support_hook
support_hook.dataset.classes = 'BASE_CLASSES_SPLIT3'
custom_hooks = [support_hook, dict(type='BenchmarkHook')]
