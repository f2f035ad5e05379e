"""Proposals of many pairs whose boxes are regressed where they count."""
import copy
from typing import Any, Dict, Optional

import torch
import torch.nn.functional as F
from mmdet.models.dense_heads import RPNHead
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor, nn

# The first attempt takes so many times the anchors that are to be kept, each
# further one so many times more.
FIRST, FACTOR = 4, 4


class LazyBoxes:
    """The regression branch of a decoupled RPN, cell by cell.

    Of the thousands of anchors that enter an RPN's suppression, the best few
    hundred usually decide which are kept, and what a greedy suppression
    keeps depends on better boxes alone. So the boxes of the best anchors are
    regressed first, and more only if they leave too few: the proposals are
    those of the whole map (of equal scores another may come first).

    Args:
        head (RPNHead): With ``rpn_conv``, one 3 x 3 convolution, and
            ``rpn_reg``.
        feature (Tensor): (C, H, W) features of the query.
    """

    def __init__(self, head: RPNHead, feature: Tensor) -> None:
        self.head = head
        self.size = feature.shape[1:]
        # A frame of zeros, as the convolution's padding; channels innermost.
        self.cells = F.pad(feature, (1, 1, 1, 1)).permute(1, 2, 0)
        self.kernel = head.rpn_conv.weight.permute(0, 2, 3, 1).flatten(1)
        self.priors = head.prior_generator.grid_priors(
            [self.size], dtype=feature.dtype, device=feature.device)

    @staticmethod
    def fits(head: RPNHead, feature: Tensor) -> bool:
        """Whether it saves time: the loop asks for numbers, for which a GPU
        would have to be waited for."""
        conv = head.rpn_conv
        return (feature.device.type == 'cpu' and not torch.is_grad_enabled()
                and isinstance(conv, nn.Conv2d)
                and conv.kernel_size == (3, 3) and conv.padding == (1, 1)
                and conv.stride == conv.dilation == (1, 1)
                and not torch.jit.is_tracing())

    def deltas(self, weights: Tensor, where: Tensor) -> Tensor:
        """Boxes of some cells.

        Args:
            weights (Tensor): (C,) of the query's channels.
            where (Tensor): (n,) numbers of cells, row by row.

        Returns:
            Tensor: (n, 4 A).
        """
        rows, columns = where // self.size[1], where % self.size[1]
        side = torch.arange(3, device=where.device)
        patches = self.cells[(rows[:, None] + side)[:, :, None],
                             (columns[:, None] + side)[:, None, :]]
        hidden = F.relu(F.linear((patches * weights).flatten(1), self.kernel,
                                 self.head.rpn_conv.bias))
        reg = self.head.rpn_reg
        return F.linear(hidden, reg.weight.flatten(1), reg.bias)

    def proposals(self, logits: Tensor, weights: Tensor, img_meta: dict,
                  rescale: bool = False,
                  cfg: Optional[ConfigDict] = None) -> InstanceData:
        """Proposals of one pair, those of ``head.predict_by_feat``.

        Args:
            logits (Tensor): (A, H, W).
            weights (Tensor): (C,) of the query's channels.
            img_meta (dict): Of the image.
            rescale (bool): In pixels of the original image.
            cfg (ConfigDict, optional): ``nms_pre``, ``max_per_img``, ``nms``
                and ``min_bbox_size``; by default the head's.

        Returns:
            :obj:`InstanceData`: As stock.
        """
        cfg = self.head.test_cfg if cfg is None else cfg
        scores = logits.permute(1, 2, 0).sigmoid().flatten(0, 1)
        most = cfg.nms_pre if 0 < cfg.nms_pre < scores.numel() else \
            scores.numel()
        known = torch.zeros(len(scores), dtype=torch.bool)
        boxes = logits.new_zeros(4 * len(logits), len(scores))
        number = FIRST * cfg.max_per_img if cfg.max_per_img > 0 else most
        while True:
            number = min(number, most)
            # All that are as good as the last one, whatever ties do.
            limit = scores.flatten().topk(number).values[-1]
            new = ((scores >= limit).any(1) & ~known).nonzero().flatten()
            boxes[:, new] = self.deltas(weights, new).t().to(boxes)
            known[new] = True
            settings: Dict[str, Any] = copy.deepcopy(cfg)
            if number < scores.numel():
                settings['nms_pre'] = number
            found = self.head._predict_by_feat_single(
                cls_score_list=[logits],
                bbox_pred_list=[boxes.view(-1, *self.size)],
                score_factor_list=[None], mlvl_priors=self.priors,
                img_meta=img_meta, cfg=settings, rescale=rescale)
            if number == most or len(found) >= cfg.max_per_img:
                return found
            number *= FACTOR
