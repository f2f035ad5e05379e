# LARSD-11 on HRSC2016 (Tables I and IV): P2-P4, anchors, LASA.
_base_ = [
    '../_base_/models/larsd_r101.py', '../_base_/datasets/hrsc2016.py',
    '../_base_/schedules/larsd_90k.py'
]

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table4/LARSD-11/HRSC2016',
        dataset='HRSC2016')
]
