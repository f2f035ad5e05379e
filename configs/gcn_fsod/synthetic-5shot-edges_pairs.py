# Five shots after synthetic-edges_pairs.py.
_base_ = './synthetic-5shot.py'

model = dict(
    num_support_ways=3,
    roi_head=dict(bbox_head=dict(reg_tower='edges', reg_keep_cells=False)))
train_dataloader = dict(
    dataset=dict(num_support_ways=3, positive_pairs='all'))
load_from = 'work_dirs/synthetic-edges_pairs/iter_1500.pth'
custom_hooks = _base_.custom_hooks
custom_hooks[1] = dict(type='BenchmarkHook')
