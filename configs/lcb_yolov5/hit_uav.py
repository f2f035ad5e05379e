# LCB-YOLOv5s on real thermal images from a drone (not in the paper), half as
# wide, from scratch, small enough for a CPU.
_base_ = [
    '../_base_/models/lcb_yolov5s_small.py',
    '../_base_/datasets/hit_uav_512.py',
    '../_base_/schedules/yolov5_cpu_iters.py'
]

model = dict(bbox_head=dict(img_size=_base_.img_size))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM6/VisDrone2019',
        dataset='HIT-UAV')
]
