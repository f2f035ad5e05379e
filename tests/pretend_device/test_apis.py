"""Metrics, checkpoints and the APIs on the pretend GPU."""
import numpy as np
import pytest
import torch
from mmdet.apis import inference_detector, init_detector
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, load_checkpoint, save_checkpoint
from mmengine.runner.checkpoint import weights_to_cpu

from mmextra.apis import (
    init_few_shot_detector,
    init_stream_detector,
    process_support_images,
    tiled_inference,
)
from mmextra.evaluation.device_check import FamilySteps, family_config
from tests.helpers import ROOT
from tests.pretend_device.device import PretendGPU, PretendTensor

METRICS = ['LARSD without anchors', 'LCB-YOLOv5s', 'GCN-FSOD',
           'feature forecast', 'lesion Mask R-CNN', 'COVID-CT-Mask-Net']
OWN_METRICS = {'LARSD without anchors', 'feature forecast',
               'COVID-CT-Mask-Net'}


@pytest.fixture
def gpu():
    with PretendGPU() as gpu:
        yield gpu


def image(size=96, seed=0):
    return np.random.RandomState(seed).randint(
        0, 256, (size, size, 3), np.uint8)


@pytest.mark.parametrize('name', METRICS)
def test_metrics_take_results_on_the_gpu(name, data, gpu):
    steps = FamilySteps(name, ROOT / 'configs', data)
    model = steps.model_on('cuda:0').eval()
    loader = dict(steps.cfg.test_dataloader, num_workers=0, batch_size=1,
                  persistent_workers=False)
    for key in ('prefetch_factor', ):
        loader.pop(key, None)
    loader = Runner.build_dataloader(loader, seed=0)
    evaluator = Evaluator(steps.cfg.test_evaluator)
    evaluator.dataset_meta = loader.dataset.metainfo
    with torch.no_grad():
        for batch in loader:
            found = model.test_step(batch)
            evaluator.process(found, batch)
    assert evaluator.evaluate(len(loader.dataset))
    if name in OWN_METRICS:
        # As autocast may give them; CocoMetric knows no bfloat16.
        for result in found:
            for sample in getattr(result, 'video_data_samples', [result]):
                each = sample.pred_instances
                each.scores = each.scores.bfloat16()
                each.bboxes = each.bboxes.to(torch.bfloat16)
                if 'pred_img_scores' in sample:
                    sample.pred_img_scores = sample.pred_img_scores.bfloat16()
        evaluator.process(found, batch)


def test_a_stream_on_the_gpu(data, gpu):
    cfg = family_config('feature forecast', ROOT / 'configs', data)
    detector = init_stream_detector(cfg, device='cuda:0',
                                    policy=dict(mode='alternate'))
    results = [detector.step(image(seed=t) if detector.needs_frame else None)
               for t in range(4)]
    assert [each.is_forecast for each in results] == [
        False, True, False, True]
    assert results[1].pred_instances.scores.is_cuda


def test_few_shot_apis_on_the_gpu(data, gpu):
    cfg = family_config('GCN-FSOD', ROOT / 'configs', data)
    model = init_few_shot_detector(cfg, device='cuda:0')
    process_support_images(model, [image(seed=1), image(seed=2)],
                           ['cup', 'pen'])
    assert all(each['map'].is_cuda for each in model.support_bank.values())
    found = inference_detector(model, image()).pred_instances
    assert len(found) and found.scores.is_cuda


def test_tiles_on_the_gpu(data, gpu):
    cfg = family_config('LARSD without anchors', ROOT / 'configs', data)
    init_default_scope(cfg.default_scope)
    model = init_detector(cfg, device='cuda:0')
    found = tiled_inference(model, image(160), tile=128, overlap=64)
    assert len(found.pred_instances)
    assert found.pred_instances.bboxes.device.type == 'cuda'


def test_checkpoints_of_the_gpu(data, gpu, tmp_path):
    steps = FamilySteps('LCB-YOLOv5s', ROOT / 'configs', data)
    model = steps.model_on('cuda:0')
    path = str(tmp_path / 'weights.pth')
    save_checkpoint(dict(state_dict=weights_to_cpu(model.state_dict())), path)
    other = steps.model_on('cuda:0')
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    load_checkpoint(other, path, map_location='cpu')
    for mine, theirs in zip(other.state_dict().values(),
                            model.state_dict().values()):
        assert isinstance(mine, PretendTensor)
        assert torch.equal(mine.cpu(), theirs.cpu())
