# Base training on the 60 base classes of COCO 2014, all but 5000 images of
# its validation set, which are the test; the protocol of FSRW and TFA.
_base_ = './coco17_few_shot_base.py'

ann_root = 'data/few_shot_ann/coco/'
train_dataloader = dict(
    dataset=dict(
        dataset=dict(
            ann_root=ann_root,
            ann_cfg=[
                dict(type='ann_file', ann_file='annotations/train.json')
            ])))
val_dataloader = dict(
    dataset=dict(
        ann_root=ann_root,
        ann_cfg=[dict(type='ann_file', ann_file='annotations/val.json')]))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=ann_root + 'annotations/val.json')
test_evaluator = val_evaluator
support_hook = dict(
    dataset=dict(
        ann_root=ann_root,
        ann_cfg=[dict(type='ann_file', ann_file='annotations/train.json')]))
