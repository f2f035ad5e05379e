# 5 shots of cat, sheep and sofa.
_base_ = './voc_mini-10shot.py'

train_dataloader = dict(
    dataset=dict(dataset=dict(num_novel_shots=5)))
custom_hooks = _base_.custom_hooks
custom_hooks[0].dataset.num_novel_shots = 5
