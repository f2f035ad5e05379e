# Table 3, global matching only. After
# synthetic-c_g.py.
_base_ = './synthetic-5shot.py'

model = dict(roi_head=dict(bbox_head=dict(local_matching=False)))
load_from = 'work_dirs/synthetic-c_g/iter_1500.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        reference='gcn_fsod/table3/C_g/COCO')
]
