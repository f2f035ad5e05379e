# ResNet18_T1+FPN from scratch on 40 real slices at 256 x 256, for a CPU (not
# in the tables). Research only, not a medical device.
_base_ = [
    '../_base_/models/lesion_mask_rcnn_r18_t1_cpu.py',
    '../_base_/datasets/covid_semiseg.py', '../_base_/schedules/covid_cpu.py'
]

model = dict(test_cfg=dict(rcnn=dict(score_thr=0.05)))
# AP per image counts every false detection as an image's own: it is told for
# the paper's score threshold.
val_evaluator = [
    dict(type='LesionMeanAP', score_thr=0.75),
    dict(type='LesionMeanAP', score_thr=0.5, prefix='lesion_at_0.5'),
    dict(type='CocoMetric', metric=['bbox', 'segm'])
]
test_evaluator = val_evaluator

custom_hooks = [dict(type='BenchmarkHook', dataset='COVID-SemiSeg slices')]
