# One shot of each of VOC's 20 classes, which is then its own support.
_base_ = './coco_mini-2shot.py'

train_dataloader = dict(dataset=dict(dataset=dict(num_novel_shots=1)))
custom_hooks = _base_.custom_hooks
custom_hooks[0].dataset.num_novel_shots = 1
