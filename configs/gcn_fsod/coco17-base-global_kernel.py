# Table 2, global feature kernel: without local correspondence. Base training.
_base_ = './coco17-base.py'

model = dict(rpn_head=dict(correspondence='global_kernel', decouple=False))
