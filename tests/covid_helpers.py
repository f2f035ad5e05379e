"""Models of lesions with a handful of channels."""


def narrow(model, rois=8):
    """Narrow the config of a lesion detector or classifier, in place.

    Args:
        model (dict): With one level in its neck.
        rois (int): RoIs that the classifier looks at.

    Returns:
        dict: The same.
    """
    width = model.neck.in_channels * 4 // model.backbone.get(
        'base_channels', 64)
    model.backbone.base_channels = 4
    model.neck.update(in_channels=width, out_channels=8)
    model.rpn_head.update(in_channels=8, feat_channels=8)
    model.roi_head.bbox_roi_extractor.out_channels = 8
    model.roi_head.bbox_head.update(in_channels=8, fc_out_channels=8)
    if model.type == 'MaskRCNN':
        model.roi_head.mask_roi_extractor.out_channels = 8
        model.roi_head.mask_head.update(in_channels=8, conv_out_channels=4)
    else:
        model.img_head.update(num_rois=rois, feat_channels=8)
        model.test_cfg.rcnn.max_per_img = rois
    return model
