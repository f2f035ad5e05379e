# The baseline of hit_uav.py: 320 x 320, as 640 is to 1024 in the paper.
_base_ = [
    '../_base_/models/yolov5s_small.py', '../_base_/datasets/hit_uav_320.py',
    '../_base_/schedules/yolov5_cpu_iters.py'
]

# Small images starve YOLOv5's objectness, whose weight falls with their
# area; 4 makes up for 320 in place of 640 pixels. And after so few iterations
# the boxes of one object overlap less than 0.6.
model = dict(
    bbox_head=dict(img_size=_base_.img_size, obj_weight=4.),
    test_cfg=dict(nms=dict(iou_threshold=0.45)))

max_iters = 18600
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(
    end=max_iters, T_max=max_iters - _base_.warmup_iters)

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='AnchorCheckHook'),
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/YOLOv5s/VisDrone2019',
        dataset='HIT-UAV')
]
