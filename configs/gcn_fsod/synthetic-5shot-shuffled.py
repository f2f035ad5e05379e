# A control: every novel class is shown the supports of the next one.
_base_ = './synthetic-5shot.py'

custom_hooks = [
    dict(**_base_.support_hook, permutation=(1, 2, 3, 0)),
    dict(type='BenchmarkHook')
]
