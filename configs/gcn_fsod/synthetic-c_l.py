# Table 3, local matching only. Base training.
_base_ = './synthetic.py'

model = dict(roi_head=dict(bbox_head=dict(global_matching=False)))
