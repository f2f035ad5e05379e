# Table 3, global matching only. Base training.
_base_ = './coco17-base.py'

model = dict(roi_head=dict(bbox_head=dict(local_matching=False)))
