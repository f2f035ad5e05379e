# One shot of each of VOC's 20 classes, which is then its own support.
_base_ = './coco_mini-2shot.py'

train_dataloader = dict(dataset=dict(dataset=dict(num_novel_shots=1)))
support_hook = _base_.support_hook
support_hook.dataset.num_novel_shots = 1
custom_hooks = [support_hook, dict(type='BenchmarkHook', dataset='COCO mini')]
