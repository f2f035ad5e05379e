# Table 2, global feature kernel: without local correspondence. Base training.
_base_ = './synthetic.py'

model = dict(rpn_head=dict(correspondence='global_kernel', decouple=False))
