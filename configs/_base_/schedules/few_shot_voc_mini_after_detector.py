# Base training that starts from a plain detector of the base classes.
_base_ = './few_shot_voc_mini.py'

# The features know what tells objects apart; what they know of classes that
# no base picture shows is lost as they learn twelve others.
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys=dict(
            backbone=dict(lr_mult=0.02), neck=dict(lr_mult=0.3))))
load_from = 'work_dirs/voc_mini-pretrain/iter_3300.pth'
