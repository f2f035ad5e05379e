# Table 2, global feature kernel: without local correspondence. After
# synthetic-global_kernel.py.
_base_ = './synthetic-5shot.py'

model = dict(rpn_head=dict(correspondence='global_kernel', decouple=False))
load_from = 'work_dirs/synthetic-global_kernel/iter_1500.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        reference='gcn_fsod/table2/global_kernel/COCO')
]
