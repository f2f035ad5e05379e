# The lightweight Mask R-CNN in a few hundred iterations on a CPU: the network
# is the paper's, what it is trained on is not. Research only, not a medical
# device.
_base_ = './lesion_mask_rcnn_r18_t1.py'

model = dict(
    train_cfg=dict(
        # Regression losses are divided by all samples: of the paper's 256
        # only five or so are positive in a slice, and the proposals hardly
        # move in that many iterations.
        rpn=dict(assigner=dict(pos_iou_thr=0.5), sampler=dict(num=64)),
        rpn_proposal=dict(nms_pre=500, max_per_img=300),
        rcnn=dict(
            # The paper's positives, from 0.75 on, are at first the ground
            # truths alone.
            assigner=dict(
                pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0.5),
            sampler=dict(num=64, pos_fraction=0.5))),
    # At 0.75, as in the paper, each lesion keeps several boxes.
    test_cfg=dict(
        rpn=dict(nms_pre=500, max_per_img=300),
        rcnn=dict(nms=dict(iou_threshold=0.5))))
