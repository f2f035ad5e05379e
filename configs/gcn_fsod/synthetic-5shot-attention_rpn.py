# A baseline: Attention RPN, after synthetic-attention_rpn.py.
_base_ = './synthetic-5shot.py'

model = dict(
    type='AttentionRPNDetector',
    rpn_head=dict(
        correspondence='global_kernel', decouple=False, support_feat='roi'),
    roi_head=dict(
        bbox_head=dict(
            _delete_=True,
            type='MultiRelationBBoxHead',
            in_channels=128,
            roi_feat_size=7,
            loss_cls=dict(
                type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
            loss_bbox=dict(type='L1Loss', loss_weight=1.0))))
load_from = 'work_dirs/synthetic-attention_rpn/iter_1200.pth'
custom_hooks = [
    _base_.support_hook,
    dict(
        type='BenchmarkHook',
        reference='gcn_fsod/table1/10-shot_Attention_RPN/COCO')
]
