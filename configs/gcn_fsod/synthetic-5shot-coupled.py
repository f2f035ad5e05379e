# Table 2, lcRPN without decoupling. After
# synthetic-coupled.py.
_base_ = './synthetic-5shot.py'

model = dict(rpn_head=dict(decouple=False))
load_from = 'work_dirs/synthetic-coupled/iter_1500.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        reference='gcn_fsod/table2/lcRPN_coupled/COCO')
]
