# The Efficient IoU loss alone (the change of Improved Model 1), beside
# hit_uav-yolov5s.py.
_base_ = './hit_uav-yolov5s.py'

# Its gradient is about three times that of CIoU at the start, and its value
# mostly above 1, which would teach positives an objectness of 0.
model = dict(
    bbox_head=dict(
        bbox_weight=0.0125,
        obj_target='iou',
        loss_bbox=dict(_delete_=True, type='EfficientIoULoss')))

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='AnchorCheckHook'),
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM1/VisDrone2019',
        dataset='HIT-UAV')
]
