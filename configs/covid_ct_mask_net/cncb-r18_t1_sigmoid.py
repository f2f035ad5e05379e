# ResNet18_T1+FPN with sigmoid scores of the RoIs (Section 3, item 1; not in
# the tables). Test with the weights of cncb-r18_t1.py. Research only, not a
# medical device.
_base_ = './cncb-r18_t1.py'

model = dict(
    roi_head=dict(
        bbox_head=dict(loss_cls=dict(type='RoIScoreCrossEntropyLoss'))))

custom_hooks = [dict(type='BenchmarkHook', dataset='CNCB')]
