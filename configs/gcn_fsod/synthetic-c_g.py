# Table 3, global matching only. Base training.
_base_ = './synthetic.py'

model = dict(roi_head=dict(bbox_head=dict(local_matching=False)))
