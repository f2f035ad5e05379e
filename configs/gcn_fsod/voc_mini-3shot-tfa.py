# 3 shots of every class, TFA.
_base_ = './voc_mini-10shot-tfa.py'

train_dataloader = dict(
    dataset=dict(num_base_shots=3, num_novel_shots=3))
