# LCB-YOLOv5s, for ten classes at 1024 x 1024.
_base_ = './yolov5s.py'

model = dict(
    backbone=dict(downsample='lsm', spp='spps'),
    neck=dict(csp='dres2'),
    bbox_head=dict(
        img_size=1024,
        loss_bbox=dict(_delete_=True, type='EfficientIoULoss')))
