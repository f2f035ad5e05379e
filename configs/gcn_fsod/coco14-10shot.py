# Table 1, 10 shots: GCN-FSOD on TFA's shots, after coco14-base.py.
_base_ = [
    '../_base_/models/gcn_fsod_r50_c4.py',
    '../_base_/datasets/coco14_few_shot_10shot.py',
    '../_base_/schedules/few_shot_2k.py'
]

model = dict(num_support_shots=9, frozen_parameters=['backbone'])
load_from = 'work_dirs/coco14-base/iter_120000.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        dataset='COCO',
        reference='gcn_fsod/table1/10-shot_GCN-FSOD/COCO')
]
