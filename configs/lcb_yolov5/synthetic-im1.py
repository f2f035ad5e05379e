# Improved Model 1 (Table 6), synthetic town: the baseline with the Efficient
# IoU loss.
_base_ = './synthetic-yolov5s.py'

model = dict(
    bbox_head=dict(
        loss_bbox=dict(_delete_=True, type='EfficientIoULoss')))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM1/VisDrone2019')
]
