# YOLOv5 on VisDrone (Table 3), the baseline of the ablations (Table 6).
_base_ = [
    '../_base_/models/yolov5s.py', '../_base_/datasets/visdrone_640.py',
    '../_base_/schedules/yolov5_150e.py'
]

custom_hooks = [
    _base_.yolo_lr, _base_.ema,
    dict(
        type='BenchmarkHook',
        reference=[
            'lcb_yolov5/table3/YOLOv5/VisDrone2019',
            'lcb_yolov5/table6/YOLOv5s/VisDrone2019'
        ],
        dataset='VisDrone2019')
]
