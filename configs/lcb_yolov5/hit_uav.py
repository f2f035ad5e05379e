# LCB-YOLOv5s on real thermal images from a drone (not in the paper), half as
# wide, from scratch, small enough for a CPU.
_base_ = [
    '../_base_/models/lcb_yolov5s_small.py',
    '../_base_/datasets/hit_uav_512.py',
    '../_base_/schedules/yolov5_cpu_iters.py'
]

# See hit_uav-yolov5s.py and hit_uav-im1.py.
model = dict(
    neck=dict(zero_init_residual=True),
    bbox_head=dict(
        img_size=_base_.img_size,
        obj_weight=4.,
        bbox_weight=0.0125,
        obj_target='iou'),
    test_cfg=dict(nms=dict(iou_threshold=0.45)))

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='AnchorCheckHook'),
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM6/VisDrone2019',
        dataset='HIT-UAV')
]
