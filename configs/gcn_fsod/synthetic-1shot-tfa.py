# A baseline: TFA fine-tuned on one toy of every class instead of five; start
# from the checkpoint of synthetic-5shot-tfa.py.
_base_ = './synthetic-5shot-tfa.py'

train_dataloader = dict(
    dataset=dict(num_base_shots=1, num_novel_shots=1))
