# Table 2, lcRPN without decoupling. After
# coco17-base-coupled.py.
_base_ = './coco17-10shot.py'

model = dict(rpn_head=dict(decouple=False))
load_from = 'work_dirs/coco17-base-coupled/iter_120000.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        dataset='COCO',
        reference='gcn_fsod/table2/lcRPN_coupled/COCO')
]
