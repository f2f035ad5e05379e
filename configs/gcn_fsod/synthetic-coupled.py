# Table 2, lcRPN without decoupling. Base training.
_base_ = './synthetic.py'

model = dict(rpn_head=dict(decouple=False))
