# RoI Transformer (Table I) on HRSD, data and schedule of LARSD.
_base_ = [
    '../_base_/models/roi_trans_r101.py', '../_base_/datasets/hrsd.py',
    '../_base_/schedules/larsd_90k.py'
]

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table1/RoI_Transformer/HRSD',
        dataset='HRSD')
]
