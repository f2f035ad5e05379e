# Not a row of the paper: LCB-YOLOv5s with the output maps of Sec. 2.4 (256,
# 128 and 64 cells at 1024 pixels) instead of the introduction's 128, 64, 32.
_base_ = './visdrone.py'

model = dict(
    backbone=dict(out_indices=(1, 2, 3)),
    neck=dict(in_channels=[64, 128, 256]),
    bbox_head=dict(
        in_channels=[64, 128, 256],
        anchor_generator=dict(
            strides=[4, 8, 16],
            # Half as large, as the strides.
            base_sizes=[[(5, 6.5), (8, 15), (16.5, 11.5)],
                        [(15, 30.5), (31, 22.5), (29.5, 59.5)],
                        [(58, 45), (78, 99), (186.5, 163)]])))
custom_hooks = [
    _base_.yolo_lr, _base_.ema,
    dict(type='BenchmarkHook', dataset='VisDrone2019')
]
