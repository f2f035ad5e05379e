# Fine-tuning on a few real pictures on a CPU, counted in iterations. Not the
# paper's.
_base_ = './few_shot_cpu_200.py'

default_hooks = dict(checkpoint=dict(interval=50, max_keep_ckpts=4))
# For custom_hooks.
cpu_hooks = [dict(type='AutocastHook'), dict(type='ChannelsLastHook')]
