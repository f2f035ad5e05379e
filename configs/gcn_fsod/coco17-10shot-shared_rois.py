# Table 1, 10 shots, tested with one box and one feature for proposals of
# several classes that overlap more than 0.8. Not in the paper. Weights of
# coco17-10shot.py.
_base_ = './coco17-10shot.py'

model = dict(test_cfg=dict(rcnn=dict(share_iou=0.8)))
custom_hooks = [
    _base_.support_hook,
    dict(type='BenchmarkHook', name='GCN-FSOD-shared_rois', dataset='COCO')
]
