# ResNet18_T1+FPN on synthetic slices at 256 x 256, for a CPU. Research only,
# not a medical device. Make the data first:
#   python tools/make_synthetic.py ct data/synthetic_ct
_base_ = [
    '../_base_/models/lesion_mask_rcnn_r18_t1.py',
    '../_base_/datasets/synthetic_ct.py', '../_base_/schedules/covid_cpu.py'
]

model = dict(
    # The paper's positives, from 0.75 on, are at first the ground truths
    # alone, which takes more iterations than there are here.
    train_cfg=dict(
        rcnn=dict(
            assigner=dict(
                pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0.5))),
    # At 0.75, as in the paper, each lesion keeps several boxes.
    test_cfg=dict(rcnn=dict(nms=dict(iou_threshold=0.5))))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'covid_ct_mask_net/table1/seg_ResNet18_T1/CNCB',
            'covid_ct_mask_net/table2/ResNet18_T1/CNCB'
        ])
]
