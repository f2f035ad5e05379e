# ResNet18_T1+FPN with decoded boxes instead of raw regression outputs in the
# feature (not in the tables; the paper's words). Research only, not a medical
# device.
_base_ = './covidx-r18_t1.py'

model = dict(img_head=dict(box_repr='xyxy_norm'))

custom_hooks = [dict(type='BenchmarkHook', dataset='COVIDx-CT')]
