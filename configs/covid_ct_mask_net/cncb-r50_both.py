# ResNet50+FPN, separate masks (Table 2): ground glass and consolidation are
# two classes. Research only, not a medical device.
_base_ = './cncb-r50.py'

model = dict(
    roi_head=dict(
        bbox_head=dict(num_classes=2), mask_head=dict(num_classes=2)))
train_dataloader = dict(dataset=dict(class_mode='both'))
val_dataloader = dict(dataset=dict(class_mode='both'))
test_dataloader = val_dataloader
val_evaluator = [
    dict(type='LesionMeanAP', per_class=True),
    dict(type='CocoMetric', metric=['bbox', 'segm'], classwise=True)
]
test_evaluator = val_evaluator

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='covid_ct_mask_net/table2/ResNet50_separate/CNCB',
        dataset='CNCB')
]
