# synthetic-runs.py with a scheduler that also sees how much the map changed
# per frame, as mode='change' compares it. Not in the paper.
_base_ = './synthetic-runs.py'

model = dict(scheduler=dict(sees_change=True))
