# LCB-YOLOv5s on VisDrone (Table 3), Improved Model 6 (Table 6).
_base_ = [
    '../_base_/models/lcb_yolov5s.py', '../_base_/datasets/visdrone_1024.py',
    '../_base_/schedules/yolov5_150e.py'
]

custom_hooks = [
    _base_.yolo_lr, _base_.ema,
    dict(
        type='BenchmarkHook',
        reference=[
            'lcb_yolov5/table3/LCB-YOLOv5s/VisDrone2019',
            'lcb_yolov5/table6/IM6/VisDrone2019'
        ],
        dataset='VisDrone2019')
]
