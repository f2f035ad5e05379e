# Not a row of the paper: LCB-YOLOv5s with the output maps of Sec. 2.4.
_base_ = ['./visdrone.py', '../_base_/models/lcb_finer_maps.py']

model = dict(
    backbone=dict(out_indices=(1, 2, 3)),
    neck=dict(in_channels=[64, 128, 256]),
    bbox_head=dict(
        in_channels=[64, 128, 256],
        anchor_generator=_base_.finer_maps))
custom_hooks = [
    _base_.yolo_lr, _base_.ema,
    dict(type='BenchmarkHook', dataset='VisDrone2019')
]
