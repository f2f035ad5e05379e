# Table 3, stacked regression. Base training.
_base_ = './synthetic.py'

model = dict(roi_head=dict(bbox_head=dict(reg_branch='stacked')))
