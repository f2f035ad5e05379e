# Thirty shots of each novel class by TFA's files, seed 0.
_base_ = './coco14_few_shot_10shot.py'

ann_cfg = [dict(method='GCN_FSOD', setting='30SHOT', seed=0)]
train_dataloader = dict(
    dataset=dict(
        num_support_shots=10,
        dataset=dict(ann_cfg=ann_cfg, num_novel_shots=30)))
support_hook = dict(dataset=dict(ann_cfg=ann_cfg, num_novel_shots=30))
