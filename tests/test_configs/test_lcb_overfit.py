"""Both models learn six real images by heart.

An extra, on HIT-UAV, which is not part of this project: about four minutes of
CPU time.
"""
import os
from pathlib import Path

import pytest
import torch
from mmdet.registry import DATASETS, METRICS, MODELS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get('MMEXTRA_REAL_DATA',
                           ROOT.parent / 'shared' / 'realdata')) / 'hit_uav'
SIZE, BATCH, STEPS, WARM_UP = 384, 3, 400, 20


def images_with_many_boxes(dataset, number=6):
    """Indices of the first images with 8 to 25 boxes, and all their boxes."""
    counts = [len(dataset.get_data_info(k)['instances'])
              for k in range(len(dataset))]
    chosen = [k for k, count in enumerate(counts) if 8 <= count <= 25]
    return chosen[:number], sum(counts[k] for k in chosen[:number])


def learning_rate(step):
    """Warm-up, then linearly to a tenth."""
    return min((step + 1) / WARM_UP, 1) * (1 - .9 * step / STEPS)


@pytest.mark.skipif(not REAL.is_dir(), reason=f'{REAL} is not there')
@pytest.mark.parametrize('name', ['hit_uav-yolov5s', 'hit_uav'])
def test_learns_six_images_by_heart(name):
    cfg = Config.fromfile(ROOT / 'configs' / 'lcb_yolov5' / f'{name}.py')
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    data = cfg.val_dataloader.dataset
    data.data_root = f'{REAL}/'
    load, resize, pad, instances, pack = data.pipeline
    resize.scale = (SIZE, SIZE)
    dataset = DATASETS.build(data)
    chosen, boxes = images_with_many_boxes(dataset)
    assert len(chosen) == 6 and boxes == 86
    tested = [dataset[k] for k in chosen]
    # There the boxes are those of the original image.
    data.pipeline = [
        load, dict(instances, type='LoadAnnotations'), resize, pad,
        dict(pack, meta_keys=('img_id', 'ori_shape', 'img_shape'))]
    dataset = DATASETS.build(data)
    samples = [dataset[k] for k in chosen]

    cfg.model.bbox_head.update(img_size=SIZE, batch_scale=64.)
    model = MODELS.build(cfg.model)
    model.init_weights()
    model.train()
    optimizer = torch.optim.SGD(
        model.parameters(), lr=.01, momentum=.937, nesterov=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, learning_rate)

    def batches(order):
        for begin in range(0, len(order), BATCH):
            yield model.data_preprocessor(pseudo_collate(
                [samples[k] for k in order[begin:begin + BATCH]]), True)

    for _ in range(STEPS * BATCH // len(samples)):
        for batch in batches(torch.randperm(len(samples)).tolist()):
            total, _ = model.parse_losses(model(**batch, mode='loss'))
            optimizer.zero_grad()
            total.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 10)
            optimizer.step()
            schedule.step()
    # The statistics of the last weights, not of all on the way.
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    with torch.no_grad():
        for batch in batches(range(len(samples))):
            model(**batch, mode='loss')

    metric = METRICS.build(dict(type='DetPRMetric'))
    metric.dataset_meta = dataset.metainfo
    model.eval()
    with torch.no_grad():
        for sample in tested:
            found = model.test_step(pseudo_collate([sample]))
            metric.process({}, [found[0].to_dict()])
    score = metric.evaluate(len(samples))['det/mAP_50']
    assert score >= .8, score
