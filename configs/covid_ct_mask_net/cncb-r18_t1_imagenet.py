# ResNet18_T1+FPN from ImageNet weights (not in the tables; the released code
# trains from scratch). Research only, not a medical device.
_base_ = './cncb-r18_t1.py'

model = dict(
    backbone=dict(
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18')))

custom_hooks = [dict(type='BenchmarkHook', dataset='CNCB')]
