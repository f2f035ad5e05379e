"""Module S: the class of an image from its ranked RoIs."""
from typing import Dict, Literal, Optional

import torch
from mmdet.registry import MODELS
from mmdet.utils import ConfigType, OptMultiConfig
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmextra.utils.checks import check_choice, check_keys

from .replication import ReplicationMode, even_index, replication_index

BoxRepr = Literal['delta', 'xyxy_norm', 'xyxy']
ScoreMode = Literal['softmax', 'sigmoid']
# The score and four numbers of the box.
ROW = 5


@MODELS.register_module()
class RoIBatchImageHead(BaseModule):
    """Fully connected layers on the batch of ranked RoIs.

    Section 3 of COVID-CT-Mask-Net, item 2, and Fig. 1b. The rows (score and
    box) of the RoIs, by descending score, become one vector: S =
    FC(5 B, f) - ReLU - FC(f, f) - ReLU - FC(f, classes). With B = 128 and
    f = 512 it has 592,387 weights for three classes, with B = 256 and
    f = 1024 (ResNet50) 2,364,419. Research only, not a medical device.

    Not in the paper: f, the loss (of the released code: binary cross-entropy
    with the one-hot label, averaged over images and classes) and what of a
    box goes into the row (``box_repr``).

    Args:
        num_rois (int): Size B of the batch of RoIs.
        feat_channels (int): Width f of the hidden layers.
        num_classes (int): Number of image classes.
        num_fcs (int): Number of hidden layers.
        box_repr (str): ``'delta'``: the box head's raw output of the RoI and
            class, as in the released code; ``'xyxy_norm'``: the decoded box,
            divided by the width and height of the image; ``'xyxy'``: in
            pixels.
        replicate (dict[str, str]): How fewer than B RoIs are replicated, in
            ``'train'`` and in ``'test'``; see
            :func:`~.replication.replication_index`. The released code draws
            at test time as well, so that its results do not repeat.
        loss (dict): Loss of logits (N, classes) and labels (N, ).
        score_mode (str): ``'softmax'`` or ``'sigmoid'``: how logits become
            the scores of a prediction. The class is that of the largest
            logit either way.
        init_cfg (dict, optional): Initialisation; without it the weights are
            Kaiming normal by fan-out, the biases PyTorch's default.

    Raises:
        ValueError: If an option is none of those above.
    """

    def __init__(self,
                 num_rois: int = 128,
                 feat_channels: int = 512,
                 *,
                 num_classes: int = 3,
                 num_fcs: int = 2,
                 box_repr: BoxRepr = 'delta',
                 replicate: Optional[Dict[str, ReplicationMode]] = None,
                 loss: ConfigType = dict(
                     type='CrossEntropyLoss',
                     use_sigmoid=True,
                     loss_weight=1.0),
                 score_mode: ScoreMode = 'softmax',
                 init_cfg: OptMultiConfig = None) -> None:
        super().__init__(init_cfg=init_cfg)
        replicate = dict(dict(train='random', test='even'),
                         **(replicate or {}))
        check_choice('box_repr', box_repr, BoxRepr)
        check_choice('score_mode', score_mode, ScoreMode)
        check_keys('replicate', replicate, ['train', 'test'])
        for key, mode in replicate.items():
            check_choice(f'replicate["{key}"]', mode, ReplicationMode)
        self.num_rois = num_rois
        self.num_classes = num_classes
        self.box_repr = box_repr
        self.replicate = replicate
        self.score_mode = score_mode
        widths = [ROW * num_rois] + [feat_channels] * num_fcs
        self.fcs = nn.ModuleList(
            nn.Linear(*pair) for pair in zip(widths[:-1], widths[1:]))
        self.fc_img = nn.Linear(widths[-1], num_classes)
        for fc in (*self.fcs, self.fc_img):
            nn.init.kaiming_normal_(
                fc.weight, mode='fan_out', nonlinearity='relu')
        self.loss_img_cls = MODELS.build(loss)

    def fill(self,
             rows: Tensor,
             generator: Optional[torch.Generator] = None) -> Tensor:
        """Replicate the rows of one image to the size of the batch.

        Args:
            rows (Tensor): (n, 5) real rows, by rank, n <= ``num_rois``.
            generator (torch.Generator, optional): Source of the draws.

        Returns:
            Tensor: (``num_rois``, 5); zeros if n is zero.
        """
        if torch.jit.is_tracing():
            # Behind them zeros, which are taken if there is no RoI at all.
            count = torch.as_tensor(rows.shape[0]).clamp(min=1)
            rows = torch.cat([rows, rows.new_zeros(1, ROW)])
            return rows[even_index(count, self.num_rois)]
        if not len(rows):
            return rows.new_zeros(self.num_rois, ROW)
        mode = self.replicate['train' if self.training else 'test']
        index = replication_index(
            len(rows), self.num_rois, mode, generator, rows.device)
        return rows[index]

    def forward(self, rows: Tensor) -> Tensor:
        """Logits of the image classes.

        Args:
            rows (Tensor): (N, ``num_rois``, 5): the score, then the box.

        Returns:
            Tensor: (N, ``num_classes``).

        Raises:
            ValueError: If the rows are not of this shape.
        """
        if rows.shape[1:] != (self.num_rois, ROW):
            raise ValueError(
                f'rows must be (N, {self.num_rois}, {ROW}), got '
                f'{tuple(rows.shape)}')
        x = rows.flatten(1)
        for fc in self.fcs:
            x = fc(x).relu()
        return self.fc_img(x)

    def scores(self, logits: Tensor) -> Tensor:
        """Scores (N, ``num_classes``) of logits, by ``score_mode``."""
        if self.score_mode == 'sigmoid':
            return logits.sigmoid()
        return logits.softmax(dim=-1)

    def loss(self, logits: Tensor, labels: Tensor) -> Dict[str, Tensor]:
        """Loss and accuracy.

        Args:
            logits (Tensor): (N, ``num_classes``).
            labels (Tensor): (N, ) int64.

        Returns:
            dict[str, Tensor]: ``loss_img_cls`` and ``img_acc`` in percent.
        """
        hits = (logits.argmax(dim=-1) == labels).float()
        return dict(
            loss_img_cls=self.loss_img_cls(logits, labels),
            img_acc=100 * hits.mean())
