# LARSD-11 on real vehicles seen from a drone (not in the paper): MobileNetV2
# with ImageNet weights, small enough for a CPU.
_base_ = [
    '../_base_/models/larsd_mbv2.py',
    '../_base_/datasets/hit_uav_rotated.py',
    '../_base_/schedules/larsd_cpu_pretrained.py'
]

model = dict(
    bbox_head=dict(
        num_classes=3,
        # python tools/analysis_tools/kmeans_anchors.py THIS --symmetric
        anchor_generator=dict(
            anchors=[[(14, 10), (9, 19), (21, 9), (13, 27), (27, 13)],
                     [(36, 17), (16, 38), (22, 30), (45, 24), (23, 46)],
                     [(61, 30), (32, 65), (80, 38), (45, 95), (106, 50)]])))

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='mmdet.BenchmarkHook', dataset='HIT-UAV')
]
