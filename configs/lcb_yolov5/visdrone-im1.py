# Improved Model 1 (Table 6): the baseline with the Efficient IoU loss.
_base_ = './visdrone-yolov5s.py'

model = dict(
    bbox_head=dict(
        loss_bbox=dict(_delete_=True, type='EfficientIoULoss')))

custom_hooks = [
    _base_.yolo_lr, _base_.ema,
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM1/VisDrone2019',
        dataset='VisDrone2019')
]
