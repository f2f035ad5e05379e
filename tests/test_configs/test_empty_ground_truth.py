"""Every config trains on images without any object.

Distributed training waits for the gradient of every parameter, so none may
be missing, whatever is in the images. A paper whose models need a batch of
another kind, or are large, takes part by a line in ``PAPERS``.
"""
import json
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmrotate.structures.bbox import RotatedBoxes

from tests.test_configs import (
    test_covid_configs,
    test_feature_forecast,
    test_gcn_fsod,
    test_larsd,
    test_lcb_yolov5,
)
from tests.test_models.test_detectors.test_query_support_detector import (
    item as query_with_supports,
)
from tests.video_helpers import clip, video

CONFIGS = Path(__file__).parents[2] / 'configs'


def empty_batch(cfg: Config, size: int = 64) -> dict:
    """Two images without objects, as a data loader gives them."""
    boxes = RotatedBoxes(torch.zeros(0, 5)) if (
        cfg.default_scope == 'mmrotate') else HorizontalBoxes(
            torch.zeros(0, 4))
    samples = []
    for number in range(2):
        sample = DetDataSample(metainfo=dict(
            img_id=number, img_path='', ori_shape=(size, size),
            img_shape=(size, size), scale_factor=(1., 1.), flip=False,
            flip_direction=None))
        sample.gt_instances = InstanceData(
            bboxes=boxes, labels=torch.zeros(0, dtype=torch.long),
            masks=BitmapMasks(np.zeros((0, size, size), np.uint8), size,
                              size))
        sample.ignored_instances = InstanceData(
            bboxes=boxes, labels=torch.zeros(0, dtype=torch.long))
        samples.append(sample)
    images = torch.randint(0, 256, (2, 3, size, size), dtype=torch.uint8)
    return dict(inputs=list(images), data_samples=samples)


class Paper(NamedTuple):
    """How a paper's configs take part.

    Attributes:
        shrink: Gives a config's model with few channels.
        batch: Gives a batch without ground truth.
    """
    shrink: Callable[[Config], dict] = lambda cfg: cfg.model
    batch: Callable[[Config], dict] = empty_batch


def track_batch(cfg: Config) -> dict:
    """Two clips, or images where a config has no clips."""
    if 'detector' not in cfg.model:
        return empty_batch(cfg, 160)
    return dict(inputs=[video(2, size=160) * 255 for _ in range(2)],
                data_samples=[clip(2, size=160, boxes=0) for _ in range(2)])


def query_support_batch(cfg: Config) -> dict:
    """Two queries without objects, and supports, which always have one."""
    if 'num_support_ways' not in cfg.model:
        return empty_batch(cfg)
    ways = cfg.model.num_support_ways
    items = [query_with_supports(ways, cfg.model.num_support_shots)
             for _ in range(2)]
    for item in items:
        query = item['data_samples']['query']
        query.gt_instances = query.gt_instances[:0]
    return pseudo_collate(items)


def labelled_batch(cfg: Config) -> dict:
    """With the label of the image, which is never absent."""
    batch = empty_batch(cfg)
    for sample in batch['data_samples']:
        sample.set_metainfo(dict(img_label=1))
    return batch


PAPERS = dict(
    covid_ct_mask_net=Paper(test_covid_configs.shrink, labelled_batch),
    feature_forecast=Paper(test_feature_forecast.shrink, track_batch),
    gcn_fsod=Paper(test_gcn_fsod.shrink, query_support_batch),
    larsd=Paper(test_larsd.shrink),
    lcb_yolov5=Paper(lambda cfg: test_lcb_yolov5.shrink(cfg.model)))


def without_gradient(model: dict, batch: dict) -> list:
    """Parameters that one training step leaves out."""
    model = MODELS.build(model)
    model.init_weights()
    model.train()
    losses = model(**model.data_preprocessor(batch, True), mode='loss')
    total = model.parse_losses(losses)[0]
    assert total.isfinite()
    total.backward()
    return [name for name, parameter in model.named_parameters()
            if parameter.requires_grad and parameter.grad is None]


@pytest.mark.parametrize('folder', [
    folder for folder in sorted(CONFIGS.iterdir())
    if folder.name[0] != '_' and any(folder.glob('*.py'))
], ids=lambda folder: folder.name)
def test_no_parameter_is_left_out(folder):
    paper = PAPERS.get(folder.name, Paper())
    torch.manual_seed(0)
    seen, missing = set(), {}
    for path in sorted(folder.glob('*.py')):
        cfg = Config.fromfile(path)
        init_default_scope(cfg.get('default_scope', 'mmdet'))
        model = paper.shrink(cfg)
        # What differs in testing alone trains alike.
        key = json.dumps({**model, 'test_cfg': None}, sort_keys=True,
                         default=repr)
        if key not in seen:
            seen.add(key)
            names = without_gradient(model, paper.batch(cfg))
            if names:
                missing[path.name] = names
    assert seen and not missing
