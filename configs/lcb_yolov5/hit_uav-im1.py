# The Efficient IoU loss alone (the change of Improved Model 1), beside
# hit_uav-yolov5s.py.
_base_ = './hit_uav-yolov5s.py'

model = dict(
    bbox_head=dict(
        loss_bbox=dict(_delete_=True, type='EfficientIoULoss')))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM1/VisDrone2019',
        dataset='HIT-UAV')
]
