# 1 shot of every class, TFA.
_base_ = './voc_mini-10shot-tfa.py'

train_dataloader = dict(
    dataset=dict(num_base_shots=1, num_novel_shots=1))
