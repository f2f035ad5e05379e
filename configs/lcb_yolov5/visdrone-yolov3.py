# YOLOv3 on VisDrone (Table 3): data, size and epochs of the baseline, rate and
# clipping of mmdet's config.
_base_ = [
    '../_base_/models/yolov3_d53.py', '../_base_/datasets/visdrone_640.py',
    '../_base_/schedules/yolov5_150e.py'
]

optim_wrapper = dict(
    optimizer=dict(lr=0.001), clip_grad=dict(max_norm=35))
custom_hooks = [
    dict(type='YOLOLrHook', warmup_bias_lr=0.), _base_.ema,
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table3/YOLOv3/VisDrone2019',
        dataset='VisDrone2019')
]
