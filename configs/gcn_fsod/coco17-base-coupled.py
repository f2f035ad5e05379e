# Table 2, lcRPN without decoupling. Base training.
_base_ = './coco17-base.py'

model = dict(rpn_head=dict(decouple=False))
