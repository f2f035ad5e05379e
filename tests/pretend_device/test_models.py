"""Every kind of model on the pretend GPU: CPU's results, and few waits."""
import pytest
import torch

from mmextra.evaluation.device_check import FAMILIES, Family
from tests.pretend_device.device import PretendGPU
from tests.pretend_device.steps import prepare, run

# More than the families, for what these lack.
OTHERS = {
    'recurrent features': Family('feature_forecast/synthetic-baseline',
                                 'moving_objects'),
    'cosine TFA': Family('gcn_fsod/synthetic-1shot-tfa', 'toys'),
    'global kernel': Family('gcn_fsod/synthetic-5shot-global_kernel', 'toys'),
    'lesions of RoI scores': Family(
        'covid_ct_mask_net/synthetic', 'ct', changes={
            'model.test_cfg.rcnn.score_thr': 0.,
            'model.roi_head.bbox_head.loss_cls': dict(
                type='RoIScoreCrossEntropyLoss', _delete_=True)}),
    'RetinaNet of centres': Family(
        'larsd/synthetic', 'harbour', model='larsd/marina-rotated_retinanet',
        changes={
            'model.test_cfg.score_thr': 0., 'model.test_cfg.nms_pre': 100,
            'model.bbox_head.type': 'LASARetinaHead',
            'model.test_cfg.lasa': dict(type='LocalityAwareScoreAlign'),
            'model.train_cfg.assigner': dict(
                type='SameCenterAssigner', _delete_=True)}),
}
# Waits for the GPU in a training step, and in a test of one image; uploads
# in the same; behind them those of the stock peer where it has fewer bounds.
# Uploads count what any model needs: images, boxes, labels.
BOUNDS = {
}


@pytest.mark.parametrize('name', BOUNDS)
def test_trains_and_detects_as_on_the_cpu_and_waits_seldom(name, data):
    prepared = prepare({**FAMILIES, **OTHERS}[name], data)
    wanted = run(prepared, 'cpu')
    with PretendGPU() as gpu:
        found = run(prepared, 'cuda:0', gpu)
    assert found.losses == pytest.approx(wanted.losses, rel=1e-3, abs=1e-5)
    assert sum(map(len, wanted.found)) > 0
    for ours, theirs in zip(found.found, wanted.found):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)
    for mode, bounds in zip(('train', 'test'), BOUNDS[name]):
        costs, report = found.costs[mode], found.reports[mode]
        assert (costs['sync'], costs['upload']) <= bounds, report
        assert costs['sync'] <= bounds[0], report
        assert costs['upload'] <= bounds[1], report
        assert not costs['float64'], report
