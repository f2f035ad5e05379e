# One shot on VOC, split 1 (not in the paper), after voc_split1-base.py.
_base_ = [
    '../_base_/models/gcn_fsod_r50_c4.py',
    '../_base_/datasets/voc_few_shot.py',
    '../_base_/schedules/few_shot_2k.py'
]

model = dict(num_support_shots=1, frozen_parameters=['backbone'])
load_from = 'work_dirs/voc_split1-base/iter_120000.pth'
custom_hooks = [_base_.support_hook, dict(type='BenchmarkHook')]
