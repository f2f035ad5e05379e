# synthetic.py with a regression tower that sees edges before it pools, and
# every class of a query image as a positive pair.
_base_ = './synthetic.py'

model = dict(
    num_support_ways=3,
    roi_head=dict(bbox_head=dict(reg_tower='edges', reg_keep_cells=False)))
train_dataloader = dict(
    dataset=dict(num_support_ways=3, positive_pairs='all'))
custom_hooks = _base_.custom_hooks
