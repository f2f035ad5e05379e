"""Small models whose untrained outputs are varied, and images for them."""
from pathlib import Path
from typing import Any, Callable, Iterable, List, Sequence, Tuple

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.hub import get_config
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmextra.apis.export import load_model
from mmextra.apis.export.graphs import ClassifierGraph, TwoStageGraph
from mmextra.apis.export.preprocess import image_spec, test_pipeline
from mmextra.models.task_modules.traceable import traceable_hosts
from mmextra_runtime.images import prepare

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / 'configs'
LASA = dict(type='LocalityAwareScoreAlign', pattern='rect9', mode='geomean')
SIZES = [(120, 160), (200, 90), (96, 96)]
# A layer, the spread its outputs shall have, and their mean.
Wish = Tuple[nn.Module, float, float]


def write_images(folder: Path, sizes: Sequence[Tuple[int, int]]
                 ) -> List[Path]:
    """Images (height, width) of rectangles on a slope."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, (height, width) in enumerate(sizes):
        paths.append(folder / f'{number}.png')
        cv2.imwrite(str(paths[-1]), draw_image(number, height, width))
    return paths


def draw_image(number: int, height: int, width: int) -> np.ndarray:
    """Rectangles on a slope, (height, width, 3) uint8.

    With grain: in flat places equal scores would be in an order of chance.
    """
    rng = np.random.default_rng(number)
    slope = np.linspace(40, 180, width)[None, :, None]
    image = np.repeat(np.repeat(slope, height, 0), 3, 2).astype(np.uint8)
    for _ in range(height * width // 1500):
        x, y = rng.integers(0, width), rng.integers(0, height)
        cv2.rectangle(
            image, (int(x), int(y)),
            (int(x + rng.integers(8, 40)), int(y + rng.integers(8, 40))),
            rng.integers(0, 255, 3).tolist(), -1)
    grain = rng.normal(0, 12, image.shape)
    return (image + grain).clip(0, 255).astype(np.uint8)


def examples(cfg: Config) -> List[torch.Tensor]:
    """What the network sees of the images that the tests run."""
    spec = image_spec(test_pipeline(cfg), cfg.model.data_preprocessor)
    return [torch.from_numpy(prepare(draw_image(i, *size), spec).blob)
            for i, size in enumerate(SIZES)]


def each(function: Callable, inputs: Sequence[torch.Tensor]) -> Callable:
    """A function of all inputs one after the other."""
    return lambda: [function(x) for x in inputs]


def settle(model: nn.Module, run: Callable) -> None:
    """Give normalisations the statistics of what they see."""
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    for norm in norms:
        norm.momentum = None
        norm.reset_running_stats()
        norm.train()
    with torch.no_grad():
        run()
    model.eval()


def lively(wishes: Iterable[Wish], run: Callable) -> None:
    """Scale untrained layers so that their outputs differ.

    Equal scores would be in an order of chance, and so would be what a
    suppression keeps.
    """
    for layer, spread, mean in wishes:
        nn.init.normal_(layer.weight)
        for step in ('spread', 'mean'):
            seen = []
            hook = layer.register_forward_hook(
                lambda _, __, out, seen=seen: seen.append(out))
            with torch.no_grad(), traceable_hosts():
                run()
            hook.remove()
            rows = torch.cat([
                out.movedim(1, -1).reshape(-1, out.shape[1])
                for out in seen])
            if step == 'spread':
                layer.weight.data *= spread / rows.std(0).mean()
                if layer.bias is not None:
                    layer.bias.data.zero_()
            elif layer.bias is not None:
                layer.bias.data += mean - rows.mean(0)


def config(name: str) -> Config:
    """A config of this package."""
    return Config.fromfile(str(CONFIGS / name))


def dense_lcb() -> nn.Module:
    """LCB-YOLOv5s on 192 x 192."""
    cfg = config('lcb_yolov5/synthetic.py')
    for step in cfg.test_dataloader.dataset.pipeline:
        if step.type == 'Resize':
            step.scale = (192, 192)
    model, _ = load_model(cfg)
    x = examples(cfg)
    settle(model, each(model.extract_feat, x))
    lively([(conv, 1.2, -2.) for conv in model.bbox_head.convs_pred],
           each(lambda x: model.bbox_head(model.extract_feat(x)), x))
    return model


def larsd(name: str = 'synthetic', **head_cfg: Any) -> nn.Module:
    """LARSD with its alignment, and other settings of its head."""
    cfg = config(f'larsd/{name}.py')
    for key, value in head_cfg.items():  # update() would merge
        cfg.model.bbox_head[key] = value
    cfg.model.backbone.base_channels = 8
    cfg.model.neck.update(in_channels=[8, 16, 32, 64], out_channels=16,
                          mid_channels=[8, 16, 16])
    cfg.model.bbox_head.update(in_channels=16, feat_channels=16)
    cfg.test_dataloader.dataset.pipeline[1].scale = (192, 192)
    model, _ = load_model(cfg)
    head, x = model.bbox_head, examples(cfg)
    settle(model, each(model.extract_feat, x))
    start = head.conv_reg.bias.data.clone()
    lively([(head.conv_cls, 1., -3.), (head.conv_reg, .3, 0.)],
           each(lambda x: head(model.extract_feat(x)), x))
    head.conv_reg.bias.data += start
    return model


def lasa_on(base: str, head: dict, pattern: str = 'rect9') -> nn.Module:
    """A dense head of mmrotate with the alignment, on a narrow backbone."""
    cfg = get_config(f'mmrotate::{base}')
    cfg.model.backbone = dict(type='mmdet.ResNet', depth=18, base_channels=8,
                              num_stages=4, out_indices=(0, 1, 2, 3))
    cfg.model.neck.update(in_channels=[8, 16, 32, 64], out_channels=32)
    cfg.model.bbox_head.update(in_channels=32, feat_channels=32,
                               stacked_convs=1, **head)
    cfg.model.test_cfg.lasa = dict(LASA, pattern=pattern)
    cfg.test_dataloader.dataset.pipeline[1].scale = (192, 192)
    model, _ = load_model(cfg)
    head, x = model.bbox_head, examples(cfg)
    settle(model, each(model.extract_feat, x))
    if hasattr(head, 'retina_cls'):
        wishes = [(head.retina_cls, 1., -4.), (head.retina_reg, .3, 0.)]
    else:
        wishes = [(head.conv_cls, 1., -4.), (head.conv_reg, .3, .5),
                  (head.conv_angle, .3, 0.)]
    lively(wishes, each(lambda x: head(model.extract_feat(x)), x))
    return model


def two_stage(cfg: Config, graph: type,
              score_thr: float = .05) -> nn.Module:
    """A detector with RPN and box head."""
    cfg.model.test_cfg.rcnn.score_thr = score_thr
    model, _ = load_model(cfg)
    head, x = model.roi_head.bbox_head, examples(cfg)
    settle(model, each(model.extract_feat, x))
    lively([(model.rpn_head.rpn_cls, 1.5, -1.),
            (model.rpn_head.rpn_reg, .3, 0.), (head.fc_cls, 1.5, 0.),
            (head.fc_reg, .5, 0.)], each(graph(model), x))
    return model


def lesions() -> nn.Module:
    """The light Mask R-CNN."""
    cfg = config('covid_ct_mask_net/synthetic.py')
    _narrow_ct(cfg, 192)
    return two_stage(cfg, TwoStageGraph)


def ct_classes() -> nn.Module:
    """The classifier on ranked RoIs."""
    cfg = config('covid_ct_mask_net/synthetic-classifier.py')
    _narrow_ct(cfg, 192)
    return two_stage(cfg, ClassifierGraph, -.01)


def _narrow_ct(cfg: Config, size: int) -> None:
    cfg.model.test_cfg.rpn.update(nms_pre=200, max_per_img=60)
    cfg.model.test_cfg.rcnn.max_per_img = 32
    if 'img_head' in cfg.model:
        cfg.model.img_head.num_rois = 32
    cfg.test_dataloader.dataset.pipeline[1].scale = (size, size)


def faster_rcnn() -> nn.Module:
    """A stock two-stage detector on several levels."""
    cfg = get_config('mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py')
    cfg.model.backbone = dict(type='ResNet', depth=18, base_channels=8,
                              num_stages=4, out_indices=(0, 1, 2, 3))
    cfg.model.neck.update(in_channels=[8, 16, 32, 64], out_channels=16)
    cfg.model.rpn_head.update(in_channels=16, feat_channels=16)
    cfg.model.roi_head.bbox_roi_extractor.out_channels = 16
    cfg.model.roi_head.bbox_head.update(in_channels=16, fc_out_channels=32,
                                        num_classes=3)
    cfg.test_dataloader.dataset.pipeline[1].scale = (192, 160)
    return two_stage(cfg, TwoStageGraph)


def stream(logits: float = 1.5) -> nn.Module:
    """The feature forecast, whose encoders change their maps.

    ``logits`` is their deviation. In runs of forecasts an untrained model's
    grow, and scores of 1 cannot be put in order.
    """
    cfg = config('feature_forecast/synthetic.py')
    model, _ = load_model(cfg)

    def step(x: torch.Tensor) -> Sequence:
        found = model.step_maps(model.extract_maps(x), None, True)
        return model.detector.bbox_head(model.head_maps(found.det_feats))

    run = each(step, examples(cfg))
    settle(model, run)
    head = model.detector.bbox_head
    encoders = [encoder.cell.proj for part in (
        model.temporal.enc1, model.temporal.enc2) for encoder in part]
    last = [[each for each in convs.modules()
             if isinstance(each, nn.Conv2d)][-1]
            for convs in (*head.cls_convs, *head.reg_convs)]
    half = len(last) // 2
    lively([*((conv, .5, 0.) for conv in encoders),
            *((conv, logits, 0.) for conv in last[:half]),
            *((conv, .5, 0.) for conv in last[half:]),
            (model.scheduler.fc, 1., 0.)], run)
    return model


def few_shot(name: str = 'synthetic', **rpn: object) -> nn.Module:
    """GCN-FSOD, which was shown nothing yet."""
    from mmextra.apis.export.few_shot_graphs import QueryGraph, SupportGraph
    cfg = config(f'gcn_fsod/{name}.py')
    cfg.model.rpn_head.update(rpn)
    cfg.model.test_cfg.rpn.update(nms_pre=100, max_per_img=20)
    model, _ = load_model(cfg)
    box = torch.tensor([[10., 10., 70., 60.]])

    def query(x: torch.Tensor) -> None:
        parts = SupportGraph(model)(x[..., :80, :80], box)
        QueryGraph(model)(x, *(part[None] for part in parts))

    run = each(query, examples(cfg))

    head, rpn_head = model.roi_head.bbox_head, model.rpn_head
    compare = [getattr(head, part) for part in ('global_cls', 'local_cls')
               if hasattr(head, part)]
    lively([(rpn_head.rpn_cls, 1.5, -1.), (rpn_head.rpn_reg, .3, 0.),
            *((part, 1.5, 0.) for part in compare), (head.fc_reg, .5, 0.)],
           run)
    return model
