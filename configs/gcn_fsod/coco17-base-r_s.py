# Table 3, stacked regression. Base training.
_base_ = './coco17-base.py'

model = dict(roi_head=dict(bbox_head=dict(reg_branch='stacked')))
