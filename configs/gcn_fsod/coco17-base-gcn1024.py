# GCN of full width, not in the paper's tables. Base training.
_base_ = './coco17-base.py'

model = dict(rpn_head=dict(gcn=dict(gcn_channels=(1024, 1024))))
