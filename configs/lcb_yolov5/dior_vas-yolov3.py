# YOLOv3 on DIOR-VAS (Table 4): data, size and epochs of the baseline, rate and
# clipping of mmdet's config.
_base_ = [
    '../_base_/models/yolov3_d53.py', '../_base_/datasets/dior_vas_640.py',
    '../_base_/schedules/yolov5_150e.py'
]

model = dict(bbox_head=dict(num_classes=3))
optim_wrapper = dict(
    optimizer=dict(lr=0.001), clip_grad=dict(max_norm=35))
custom_hooks = [
    dict(type='YOLOLrHook', warmup_bias_lr=0.), _base_.ema,
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table4/YOLOv3/DIOR-VAS',
        dataset='DIOR-VAS')
]
