# Table 3, local matching only. After
# coco17-base-c_l.py.
_base_ = './coco17-10shot.py'

model = dict(roi_head=dict(bbox_head=dict(global_matching=False)))
load_from = 'work_dirs/coco17-base-c_l/iter_120000.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        dataset='COCO',
        reference='gcn_fsod/table3/C_l/COCO')
]
