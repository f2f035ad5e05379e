# Table 2, global feature kernel: without local correspondence. After
# coco17-base-global_kernel.py.
_base_ = './coco17-10shot.py'

model = dict(rpn_head=dict(correspondence='global_kernel', decouple=False))
load_from = 'work_dirs/coco17-base-global_kernel/iter_120000.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        dataset='COCO',
        reference='gcn_fsod/table2/global_kernel/COCO')
]
