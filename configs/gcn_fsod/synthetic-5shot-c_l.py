# Table 3, local matching only. After
# synthetic-c_l.py.
_base_ = './synthetic-5shot.py'

model = dict(roi_head=dict(bbox_head=dict(global_matching=False)))
load_from = 'work_dirs/synthetic-c_l/iter_1500.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        reference='gcn_fsod/table3/C_l/COCO')
]
