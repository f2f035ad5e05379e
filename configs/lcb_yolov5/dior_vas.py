# LCB-YOLOv5s on DIOR-VAS (Table 4), on a reconstruction of its image lists.
_base_ = [
    '../_base_/models/lcb_yolov5s.py', '../_base_/datasets/dior_vas_1024.py',
    '../_base_/schedules/yolov5_150e.py'
]

model = dict(bbox_head=dict(num_classes=3))
custom_hooks = [
    _base_.yolo_lr, _base_.ema,
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table4/LCB-YOLOv5s/DIOR-VAS',
        dataset='DIOR-VAS')
]
