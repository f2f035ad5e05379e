# A plain detector of the base classes, whose backbone and neck the base
# trainings of GCN-FSOD and Attention RPN begin with: it learns from all boxes
# of a picture, and 2.5 times as many pictures in the same time.
_base_ = './voc_mini-base-tfa.py'

max_iters = 3300
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters
