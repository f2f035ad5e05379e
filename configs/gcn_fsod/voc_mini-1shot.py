# 1 shot of cat, sheep and sofa.
_base_ = './voc_mini-10shot.py'

model = dict(num_support_shots=1)
train_dataloader = dict(
    dataset=dict(num_support_shots=1, dataset=dict(num_novel_shots=1)))
custom_hooks = _base_.custom_hooks
custom_hooks[0].dataset.num_novel_shots = 1
