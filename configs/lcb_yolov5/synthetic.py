# LCB-YOLOv5s on the synthetic town: half of its width from scratch at
# 384 x 384, small enough for a CPU. Make the data first:
#   python tools/make_synthetic.py aerial data/synthetic_aerial
_base_ = [
    '../_base_/models/lcb_yolov5s_small.py',
    '../_base_/datasets/synthetic_aerial.py',
    '../_base_/schedules/yolov5_cpu.py'
]

model = dict(bbox_head=dict(img_size=_base_.img_size))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'lcb_yolov5/table6/IM6/VisDrone2019',
            'lcb_yolov5/table3/LCB-YOLOv5s/VisDrone2019'
        ])
]
