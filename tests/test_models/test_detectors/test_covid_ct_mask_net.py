from pathlib import Path

import pytest
import torch
from mmcv.cnn import is_norm
from mmdet.models.dense_heads import RPNHead
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import load_state_dict
from mmengine.structures import InstanceData
from torch.nn.modules.batchnorm import _BatchNorm

from tests.covid_helpers import narrow
from tests.helpers import backward, worked_case

CONFIGS = Path(__file__).parents[3] / 'configs/covid_ct_mask_net'
SIZE = 64


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmdet')


def config(**img_head):
    """R18_T1's classifier with a handful of channels."""
    model = narrow(
        Config.fromfile(CONFIGS / 'covidx-r18_t1.py').model, rois=12)
    model.img_head.update(dict(feat_channels=6), **img_head)
    model.test_cfg.rcnn.max_per_img = model.img_head.num_rois
    model.test_cfg.rpn.update(nms_pre=60, max_per_img=30)
    return model


def build(model=None):
    torch.manual_seed(0)
    model = MODELS.build(model or config())
    model.init_weights()
    # Scores and boxes of a fresh head hardly differ.
    for fc in (model.roi_head.bbox_head.fc_cls,
               model.roi_head.bbox_head.fc_reg):
        torch.nn.init.normal_(fc.weight, std=0.3)
    return model


def batch(model, labels=(0, 2), training=True, scale=1.):
    rng = torch.Generator().manual_seed(1)
    samples = [
        DetDataSample(metainfo=dict(
            img_id=str(i), img_path=f'{i}.png', img_label=label,
            img_shape=(SIZE, SIZE), ori_shape=(SIZE, SIZE),
            batch_input_shape=(SIZE, SIZE), scale_factor=(scale, scale)))
        for i, label in enumerate(labels)
    ]
    for sample in samples:
        # As PackDetInputs leaves it.
        sample.gt_instances = InstanceData()
    images = [torch.randint(0, 256, (3, SIZE, SIZE), generator=rng)
              for _ in labels]
    return model.data_preprocessor(
        dict(inputs=images, data_samples=samples), training)


def rank(model, rois, logits, deltas, img_shape=(512, 512)):
    """Ranked RoIs, with their rows."""
    rois, logits, deltas = (
        torch.tensor(each, dtype=torch.float)
        for each in (rois, logits, deltas))
    ranked = model._rank_image(rois, logits, deltas, img_shape)
    kept = ranked.roi_inds
    ranked.rows = model._rows(
        rois[kept], logits[kept], deltas[kept], ranked.labels, img_shape)
    assert torch.allclose(ranked.rows[:, 0], ranked.scores)
    return ranked


def test_empty_boxes_are_not_ranked():
    case = worked_case('covid_ct_mask_net', 'empty_box_removal')
    model = build(config(num_rois=4)).eval()
    ranked = rank(model, case['rois'], case['logits'], case['raw_deltas'])
    assert ranked.roi_inds.tolist() == case['survivors']
    vector = model.img_head.fill(ranked.rows).flatten()
    assert vector.tolist() == pytest.approx(case['vector4'], abs=1e-6)


def test_normalised_boxes():
    case = worked_case('covid_ct_mask_net', 'feature_xyxy_norm')
    model = build(config(box_repr='xyxy_norm'))
    ranked = rank(model, case['boxes'], [[2., 0.], [1., 0.]], [[0.] * 4] * 2)
    assert ranked.rows[:, 1:].tolist() == [
        pytest.approx(row) for row in case['out']]
    model.img_head.box_repr = 'xyxy'
    ranked = rank(model, case['boxes'], [[2., 0.], [1., 0.]], [[0.] * 4] * 2)
    assert ranked.rows[:, 1:].tolist() == case['boxes']
    # Width and height are not mixed up.
    model.img_head.box_repr = 'xyxy_norm'
    ranked = rank(model, [[0., 0., 100., 50.]], [[1., 0.]], [[0.] * 4],
                  img_shape=(50, 200))
    assert ranked.rows[0, 1:].tolist() == pytest.approx([0, 0, .5, 1])


def test_rows_hold_score_then_raw_deltas_by_rank():
    model = build()
    deltas = [[.1, .2, .3, .4], [1., -1., .5, 0.], [0., 0., 0., 0.]]
    ranked = rank(model, [[10, 10, 50, 50], [100, 90, 160, 150],
                          [300, 10, 340, 50]],
                  [[0., 1.], [2., 0.], [1., 0.]], deltas)
    order = ranked.roi_inds.tolist()
    scores = torch.tensor([[0., 1.], [2., 0.], [1., 0.]]).softmax(-1)[:, 0]
    assert order == scores.argsort(descending=True).tolist()
    assert torch.allclose(ranked.rows[:, 0], scores[order])
    assert torch.allclose(ranked.rows[:, 1:], torch.tensor(deltas)[order])
    decoded = ranked.bboxes[order.index(1)]
    # dx = 1 of a standard deviation of .1 of the width of 60
    assert decoded.tolist() == pytest.approx(
        [130 + 6 - 30 * 1.10517, 120 - 6 - 30, 130 + 6 + 30 * 1.10517,
         120 - 6 + 30], abs=1e-3)


def test_two_classes_and_shared_boxes():
    model = config()
    model.roi_head.bbox_head.num_classes = 2
    model = build(model)
    deltas = [[0, 0, 0, 0, 2., 0, 0, 0], [0, 1., 0, 0, 0, 0, 0, 0]]
    ranked = rank(model, [[0, 0, 40, 40], [90, 90, 130, 130]],
                  [[1., 2., 0.], [3., 0., 0.]], deltas)
    assert ranked.roi_inds.tolist() == [1, 0, 0, 1]
    assert ranked.labels.tolist() == [0, 1, 0, 1]
    assert ranked.rows[:2, 1:].tolist() == [[0, 1, 0, 0], [2, 0, 0, 0]]
    shared = rank(model, [[0, 0, 40, 40]], [[1., 2., 0.]], [[1, 0, 0, 0.]])
    assert shared.rows[:, 1].tolist() == [1, 1]


def test_scores_may_be_the_sigmoid():
    model = config()
    model.roi_head.bbox_head.loss_cls.type = 'RoIScoreCrossEntropyLoss'
    ranked = rank(build(model), [[0, 0, 40, 40]], [[3., 2.]], [[0.] * 4])
    assert ranked.rows[0, 0].item() == pytest.approx(.9525741)


@pytest.mark.parametrize('train_norm', ['all', 'no_shortcut', 'none'])
def test_one_step_changes_the_head_and_norms_alone(train_norm):
    model = config()
    model.train_norm = train_norm
    model = build(model)
    model.train()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    data = batch(model)
    optim = torch.optim.Adam(model.parameters(), lr=1e-3)
    total, logged = model.parse_losses(
        model.loss(data['inputs'], data['data_samples']))
    assert total.item() == logged['loss_img_cls'].item() > 0
    total.backward()
    optim.step()
    norms = {name for name, m in model.named_modules()
             if isinstance(m, _BatchNorm)}
    changed = {k for k, v in model.state_dict().items()
               if not torch.equal(v, before[k])}
    wanted = {k for k in before if k.startswith('img_head.')}
    for name in norms:
        if train_norm == 'all' or (
                train_norm == 'no_shortcut' and 'downsample' not in name):
            wanted |= {f'{name}.weight', f'{name}.bias'}
    assert changed == wanted
    assert any('downsample' in name for name in norms)
    assert all(p.grad is None for p in model.parameters()
               if not p.requires_grad)


def test_norms_stay_in_test_mode_and_head_trains():
    model = build()
    for mode in (True, False):
        assert model.train(mode) is model
        assert model.img_head.training == mode
        assert not any(m.training for m in model.modules()
                       if isinstance(m, _BatchNorm))
    loose = config()
    loose.freeze_detector = False
    loose = build(loose).train()
    assert all(p.requires_grad != name.startswith('rpn_head.')
               for name, p in loose.named_parameters())
    assert any(m.training for m in loose.modules()
               if isinstance(m, _BatchNorm))


@pytest.mark.parametrize('freeze', [True, False])
@pytest.mark.parametrize('empty', [False, True])
def test_every_trained_weight_gets_a_gradient(freeze, empty, monkeypatch):
    """Else distributed training stops."""
    model = config()
    model.freeze_detector = freeze
    model = build(model).train()
    if empty:
        stock = RPNHead.predict
        monkeypatch.setattr(
            RPNHead, 'predict', lambda self, *args, **kwargs: [
                each[:0] for each in stock(self, *args, **kwargs)])
    data = batch(model)
    backward(model, model.loss(data['inputs'], data['data_samples']))


def test_prediction_repeats_and_lists_real_rois_alone():
    model = build().eval()
    results = []
    for scale in (1., 1., 0.5):
        data = batch(model, training=False, scale=scale)
        with torch.no_grad():
            results.append(
                model.predict(data['inputs'], data['data_samples']))
    first, again, scaled = (result[1] for result in results)
    assert torch.equal(first.pred_img_logits, again.pred_img_logits)
    rois = first.pred_instances
    assert 0 < len(rois) == first.num_valid_rois <= 12
    assert (rois.scores.diff() <= 0).all()
    assert set(rois.keys()) == {'bboxes', 'scores', 'labels', 'roi_inds'}
    assert torch.equal(scaled.pred_instances.bboxes, 2 * rois.bboxes)
    assert first.pred_img_logits.shape == first.pred_img_scores.shape == (3, )
    assert first.pred_img_scores.sum().item() == pytest.approx(1)
    assert first.pred_img_label.tolist() == [
        first.pred_img_logits.argmax().item()]
    logits = model._forward(data['inputs'], data['data_samples'])
    assert torch.allclose(logits[1], first.pred_img_logits, atol=1e-5)


def test_gradients_are_those_of_all_rois(monkeypatch):
    """The second run of the box head gives what one run would give."""
    model = build().train()
    model.img_head.replicate['train'] = 'even'
    data = batch(model)
    trained = [p for p in model.parameters() if p.requires_grad]

    def gradients():
        loss = model.loss(data['inputs'], data['data_samples'])
        return torch.autograd.grad(loss['loss_img_cls'], trained)

    got = gradients()
    # One run for all: what was computed without gradients has them.
    stock, runs = model.roi_head._bbox_forward, []

    def once(x, rois):
        if not torch.is_grad_enabled():
            with torch.enable_grad():
                runs.append((rois, stock(x, rois)))
            return {k: v.detach() for k, v in runs[-1][1].items()}
        everything, outputs = runs.pop()
        inds = [(everything == roi).all(1).nonzero()[0, 0] for roi in rois]
        return {k: v[torch.stack(inds)] for k, v in outputs.items()}

    monkeypatch.setattr(model.roi_head, '_bbox_forward', once)
    want = gradients()
    assert any(g.abs().max() > 1e-6 for g in want[:4])
    for a, b in zip(got, want):
        assert torch.allclose(a, b, rtol=1e-4, atol=1e-6)


def test_an_image_without_rois(monkeypatch):
    """Zeros for the head; every trained weight still has a gradient."""
    model = build().train()
    data = batch(model)
    stock = RPNHead.predict

    def none_in_the_first(self, *args, **kwargs):
        found = stock(self, *args, **kwargs)
        return [found[0][:0], found[1]]

    monkeypatch.setattr(RPNHead, 'predict', none_in_the_first)
    rows, results = model.rank_rois(
        model.extract_feat(data['inputs']), data['data_samples'])
    assert (rows[0] == 0).all() and (rows[1] != 0).any()
    assert [len(each) > 0 for each in results] == [False, True]

    monkeypatch.setattr(
        RPNHead, 'predict', lambda self, *args, **kwargs: [
            each[:0] for each in stock(self, *args, **kwargs)])
    losses = model.loss(data['inputs'], data['data_samples'])
    losses['loss_img_cls'].backward()
    model.eval()
    found = model.predict(data['inputs'], data['data_samples'])
    assert [each.num_valid_rois for each in found] == [0, 0]


def test_loads_a_segmentation_model(tmp_path):
    model = config()
    seg = Config.fromfile(CONFIGS / 'cncb-r18_t1.py').model
    for part in ('backbone', 'neck', 'rpn_head'):
        seg[part] = model[part]
    seg.roi_head.update(
        bbox_roi_extractor=model.roi_head.bbox_roi_extractor,
        bbox_head=model.roi_head.bbox_head)
    seg.roi_head.mask_roi_extractor.out_channels = 8
    seg.roi_head.mask_head.update(in_channels=8, conv_out_channels=4)
    weights = MODELS.build(seg).state_dict()
    model = build(model)
    assert not any('mask_head' in key for key in model.state_dict())
    load_state_dict(model, weights)
    for key, value in model.state_dict().items():
        assert key.startswith('img_head.') or torch.equal(value, weights[key])


def test_mask_modules_are_deleted_from_a_stock_config():
    model = config()
    model.roi_head.mask_head = Config.fromfile(
        CONFIGS / 'cncb-r18_t1.py').model.roi_head.mask_head
    assert not build(model).roi_head.with_mask


def test_named_errors():
    model = build()
    data = batch(model, labels=(0, 3))
    with pytest.raises(ValueError, match='1.png has img_label 3'):
        model.loss(data['inputs'], data['data_samples'])
    del data['data_samples'][0].img_label
    with pytest.raises(ValueError, match='PackCTInputs'):
        model.loss(data['inputs'], data['data_samples'])
    wrong = config()
    wrong.train_norm = 'bn'
    with pytest.raises(ValueError, match='no_shortcut'):
        MODELS.build(wrong)
    wrong = config()
    wrong.test_cfg.rcnn.update(score_thr=0.05, max_per_img=100)
    with pytest.warns(UserWarning) as told:
        MODELS.build(wrong)
    assert {'score_thr', 'max_per_img'} <= {
        str(each.message).split('=')[0].split('.')[-1] for each in told}


def test_cascades_are_refused():
    model = config()
    cascade = Config.fromfile(
        CONFIGS / 'covidx-r18_t1.py').model.roi_head
    cascade.update(type='CascadeRoIHead', num_stages=1,
                   stage_loss_weights=[1])
    model.roi_head = cascade
    model.train_cfg.rcnn = [model.train_cfg.rcnn]
    with pytest.raises(NotImplementedError, match='CascadeRoIHead'):
        MODELS.build(model)


@pytest.mark.parametrize('norm', [
    dict(type='GN', num_groups=2), dict(type='IN', affine=True), None])
def test_norms_of_every_kind_train(norm):
    changed = config()
    changed.neck.update(norm_cfg=norm)
    model = build(changed)
    if norm is None:
        # No convolution of mmcv has one.
        model.neck.extra = torch.nn.LayerNorm(4)
        model._freeze()
    trained = [name for name, weight in model.neck.named_parameters()
               if weight.requires_grad]
    norms = [f'{name}.{part}' for name, module in model.neck.named_modules()
             if is_norm(module) for part in ('weight', 'bias')]
    assert norms and sorted(trained) == sorted(norms)
    model.train_norm = 'none'
    model._freeze()
    assert not any(weight.requires_grad
                   for weight in model.neck.parameters())
