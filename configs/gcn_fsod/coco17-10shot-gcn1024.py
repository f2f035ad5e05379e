# GCN of full width, not in the paper's tables. After
# coco17-base-gcn1024.py.
_base_ = './coco17-10shot.py'

model = dict(rpn_head=dict(gcn=dict(gcn_channels=(1024, 1024))))
load_from = 'work_dirs/coco17-base-gcn1024/iter_120000.pth'
custom_hooks = [_base_.support_hook, dict(type='BenchmarkHook')]
