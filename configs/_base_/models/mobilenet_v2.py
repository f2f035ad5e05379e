# MobileNetV2 with ImageNet weights at strides 4, 8, 16 and 32, light enough
# for a CPU. Make the weights once:
#   python tools/model_converters/torchvision_mobilenet_v2.py \
#       torchvision://mobilenet_v2 weights/mobilenet_v2.pth
mobilenet_v2 = dict(
    type='mmdet.TruncatedMobileNetV2',
    out_indices=(1, 2, 4, 6),
    # The stem's maps are the largest, and its filters serve any picture.
    frozen_stages=1,
    # With ImageNet's statistics and Adam the means of its maps run away, and
    # after some thousand iterations the last stages are constant.
    norm_eval=False,
    init_cfg=dict(
        type='Pretrained', checkpoint='weights/mobilenet_v2.pth'))
mobilenet_v2_channels = [24, 32, 96, 320]
