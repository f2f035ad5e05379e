# Table 3, stacked regression. After
# synthetic-r_s.py.
_base_ = './synthetic-5shot.py'

model = dict(roi_head=dict(bbox_head=dict(reg_branch='stacked')))
load_from = 'work_dirs/synthetic-r_s/iter_1500.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        reference='gcn_fsod/table3/C_g+C_l+R_s/COCO')
]
