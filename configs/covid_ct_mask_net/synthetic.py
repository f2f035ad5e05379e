# ResNet18_T1+FPN on synthetic slices at 256 x 256, for a CPU. Research only,
# not a medical device. Make the data first:
#   python tools/make_synthetic.py ct data/synthetic_ct
_base_ = [
    '../_base_/models/lesion_mask_rcnn_r18_t1_cpu.py',
    '../_base_/datasets/synthetic_ct.py', '../_base_/schedules/covid_cpu.py'
]


custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/seg_ResNet18_T1/CNCB',
            'covid_ct_mask_net/table2/ResNet18_T1/CNCB'
        ])
]
