# Table 3, stacked regression. After
# coco17-base-r_s.py.
_base_ = './coco17-10shot.py'

model = dict(roi_head=dict(bbox_head=dict(reg_branch='stacked')))
load_from = 'work_dirs/coco17-base-r_s/iter_120000.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        dataset='COCO',
        reference='gcn_fsod/table3/C_g+C_l+R_s/COCO')
]
