# 3 shots on VOC, split 2 (not in the paper).
_base_ = './voc_split2-1shot.py'

ann_cfg = [dict(method='GCN_FSOD', setting='SPLIT2_3SHOT')]
model = dict(num_support_shots=2)
train_dataloader = dict(
    dataset=dict(
        num_support_shots=2,
        dataset=dict(
            ann_cfg=ann_cfg,
            num_novel_shots=3)))
support_hook = _base_.support_hook
support_hook.dataset.update(
    ann_cfg=ann_cfg, num_novel_shots=3)
custom_hooks = [support_hook, dict(type='BenchmarkHook')]
