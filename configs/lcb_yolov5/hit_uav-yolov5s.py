# The baseline of hit_uav.py: 320 x 320, as 640 is to 1024 in the paper.
_base_ = [
    '../_base_/models/yolov5s_small.py', '../_base_/datasets/hit_uav_320.py',
    '../_base_/schedules/yolov5_cpu_iters.py'
]

model = dict(bbox_head=dict(img_size=_base_.img_size))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/YOLOv5s/VisDrone2019',
        dataset='HIT-UAV')
]
