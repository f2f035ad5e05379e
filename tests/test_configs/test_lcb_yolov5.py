"""Every config builds what its name says, and parts fit stock configs."""
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS, TRANSFORMS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmextra.evaluation.references import get_reference
from tests.helpers import learn_and_detect, worked_case

CONFIGS = Path(__file__).parents[2] / 'configs'
NAMES = sorted(p.stem for p in (CONFIGS / 'lcb_yolov5').glob('*.py'))
PLAIN = ('CIoULoss', 'conv', 'sppf', 'c3', 640)
FULL = ('EfficientIoULoss', 'lsm', 'spps', 'dres2', 1024)
# Loss, downsampling, pooling, neck and input size of the rows of Table 6.
ROWS = {
    'visdrone-yolov5s': (PLAIN, 'baseline_IM1_IM5'),
    'visdrone-im1': (FULL[:1] + PLAIN[1:], 'baseline_IM1_IM5'),
    'visdrone-im2': (PLAIN[:1] + FULL[1:2] + PLAIN[2:], 'IM2_LCB'),
    'visdrone-im3': (PLAIN[:2] + FULL[2:3] + PLAIN[3:], 'IM3_SPPS'),
    'visdrone-im4': (PLAIN[:3] + FULL[3:4] + PLAIN[4:], 'IM4_Dres2'),
    'visdrone-im5': (PLAIN[:4] + FULL[4:], 'baseline_IM1_IM5'),
    'visdrone': (FULL, 'IM6_full'),
    'dior_vas-yolov5s': (PLAIN, 'baseline_IM1_IM5'),
    'dior_vas': (FULL, 'IM6_full'),
}


def load(name):
    cfg = Config.fromfile(CONFIGS / 'lcb_yolov5' / f'{name}.py')
    init_default_scope(cfg.default_scope)
    return cfg


def size_everywhere(cfg):
    """The input size, from each place where it stands."""
    train = {s['type']: s for s in cfg.train_dataloader.dataset.pipeline}
    sizes = {train['Mosaic']['img_scale'], train['Resize']['scale']}
    border = train['CenteredRandomAffine']['border']
    sizes.add((-2 * border[0], -2 * border[1]))
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        sizes |= {s['scale'] for s in loader.dataset.pipeline
                  if s['type'] == 'Resize'}
    if 'img_size' in cfg.model.bbox_head:
        sizes.add((cfg.model.bbox_head.img_size, ) * 2)
    assert len(sizes) == 1, sizes
    (width, height), = sizes
    assert width == height
    return width


@pytest.mark.parametrize('name', ROWS)
def test_rows_of_table_6(name):
    flags, key = ROWS[name]
    cfg = load(name)
    model = cfg.model
    assert (model.bbox_head.loss_bbox.type, model.backbone.downsample,
            model.backbone.spp, model.neck.csp, size_everywhere(cfg)) == flags
    counts = worked_case('lcb_yolov5', 'param_counts_ablation')
    built = MODELS.build(model)
    assert sum(p.numel() for p in built.parameters()) == counts[
        str(model.bbox_head.num_classes)][key]
    assert built.bbox_head.batch_scale == 64
    assert cfg.train_dataloader.batch_size * \
        cfg.optim_wrapper.accumulative_counts == 64


def schedule(cfg):
    """Loop and learning rate without the number of iterations.

    Where a loop counts them, everything ends with it.
    """
    loop = dict(cfg.train_cfg)
    steps = [dict(step) for step in cfg.param_scheduler]
    if loop['type'] == 'IterBasedTrainLoop':
        count = loop.pop('max_iters')
        assert loop.pop('val_interval') == count
        assert steps[-1].pop('end') == count
        assert steps[-1].pop('T_max') == count - steps[0]['end']
        assert steps[-1]['begin'] == steps[0]['end']
    return loop, steps


@pytest.mark.parametrize('data, im6', [('hit_uav', 'hit_uav'),
                                       ('synthetic', 'synthetic-im6')])
def test_small_rows_differ_as_those_of_table_6(data, im6):
    """On other data a row has the changes of its number, and no others."""
    plain = load(f'{data}-yolov5s')
    for number in range(7):
        name = {0: f'{data}-yolov5s', 6: im6}.get(
            number, f'{data}-im{number}')
        wanted = ROWS[{0: 'visdrone-yolov5s', 6: 'visdrone'}.get(
            number, f'visdrone-im{number}')][0]
        cfg = load(name)
        model = cfg.model
        assert (model.bbox_head.loss_bbox.type, model.backbone.downsample,
                model.backbone.spp, model.neck.csp) == wanted[:4]
        assert (size_everywhere(cfg) > size_everywhere(plain)) == (
            wanted[4] == 1024)
        for key in ('optim_wrapper', 'randomness'):
            assert cfg[key] == plain[key]
        assert schedule(cfg) == schedule(plain)
        # Parts that an improvement brings along, and no others.
        head = model.bbox_head
        changed = (head.get('bbox_weight', .05), head.get('obj_target'))
        assert changed == (
            (.0125, 'iou') if data == 'hit_uav' and wanted[0] == FULL[0]
            else (.05, None))
        assert head.get('obj_weight') == plain.model.bbox_head.get(
            'obj_weight')
        assert model.test_cfg == plain.model.test_cfg
        assert model.neck.get('zero_init_residual', False) == (
            data == 'hit_uav' and wanted[3] == 'dres2')
        assert cfg.train_dataloader.batch_size == \
            plain.train_dataloader.batch_size
        reference = cfg.custom_hooks[-1]['reference']
        assert reference.split('/')[2] == (
            f'IM{number}' if number else 'YOLOv5s')


@pytest.mark.parametrize('name', ['hit_uav-yolox_s', 'hit_uav-p2'])
def test_peer_has_the_recipe_of_the_real_rows(name):
    ours, peer = load('hit_uav'), load(name)
    for key in ('optim_wrapper', 'randomness', 'train_dataloader',
                'val_dataloader', 'test_evaluator', 'default_hooks'):
        assert peer[key] == ours[key], key
    assert schedule(peer) == schedule(ours)
    hooks = [[h for h in cfg.custom_hooks
              if h['type'] not in ('AnchorCheckHook', 'BenchmarkHook')]
             for cfg in (ours, peer)]
    assert hooks[0] == hooks[1] and len(hooks[0]) == 3


def test_gains_of_table_6_show_the_misprint():
    """The rows that the configs refer to, against the paper's own sum."""
    case = worked_case('lcb_yolov5', 'paper_ablation')
    values = {}
    for name in ROWS:
        if name.startswith('visdrone'):
            for hook in load(name).custom_hooks:
                for row in [hook.get('reference', [])]:
                    for each in [row] if isinstance(row, str) else row:
                        if 'table6' in each:
                            reference = get_reference(each)
                            values[reference.row] = reference.values[
                                'mAP'].value
    assert values.pop('YOLOv5s') == case['baseline']
    assert sorted(values.values()) == sorted(
        v for k, v in case['im'].items() if 'if' not in k)
    gains = {k: v - case['baseline'] for k, v in values.items()}
    assert sum(v for k, v in gains.items() if k != 'IM6') == pytest.approx(
        case['sum_printed'])
    assert gains['IM6'] == pytest.approx(case['combined_printed'])
    assert case['sum_printed'] - gains['IM2'] + 1.8 == pytest.approx(
        case['sum_if_1_8'])


def shrink(model):
    """The model with a handful of channels."""
    head = model.bbox_head
    if model.backbone.type == 'Darknet':
        return model
    model.backbone.widen_factor = 0.0625
    first = len(model.neck.in_channels) == 3 and model.backbone.get(
        'out_indices', (2, 3, 4))[0]
    channels = [4 * 2**(first + i) for i in range(3)]
    model.neck.in_channels = channels
    if model.neck.type == 'YOLOXPAFPN':
        model.neck.out_channels = head.in_channels = head.feat_channels = 8
    else:
        head.in_channels = channels
    return model


def samples(size, num_classes, count=2):
    found = []
    for i in range(count):
        sample = DetDataSample(metainfo=dict(
            img_shape=(size, size), ori_shape=(size, size),
            batch_input_shape=(size, size), pad_shape=(size, size),
            scale_factor=(1., 1.)))
        sample.gt_instances = InstanceData(
            bboxes=torch.tensor([[8., 8., 30., 40.], [20., 30., 50., 60.]])[
                :2 - i],
            labels=torch.tensor([0, num_classes - 1])[:2 - i])
        sample.ignored_instances = InstanceData(
            bboxes=torch.zeros(0, 4), labels=torch.zeros(0).long())
        found.append(sample)
    return found


def train_and_predict(cfg, size=64):
    """One step on two images; every weight must take part in it."""
    model = MODELS.build(cfg)
    losses, results = learn_and_detect(
        model, samples(size, model.bbox_head.num_classes), size)
    assert results[0].pred_instances.bboxes.shape[-1] == 4
    return losses


@pytest.mark.parametrize(
    'name', [n for n in NAMES if 'yolov3' not in n])
def test_every_config_learns_and_detects(name):
    train_and_predict(shrink(load(name).model))


@pytest.mark.parametrize('name', NAMES)
def test_every_config_is_consistent(name):
    cfg = load(name)
    size = size_everywhere(cfg)
    assert size % 32 == 0 and cfg.model.data_preprocessor.pad_size_divisor
    hook, = [h for h in cfg.custom_hooks if h['type'] == 'BenchmarkHook']
    wanted = hook.get('reference') or []
    for each in [wanted] if isinstance(wanted, str) else wanted:
        reference = get_reference(each)
        # The table of the ablations stands beside other data as well.
        assert hook.get('dataset', 'VisDrone2019') in (
            reference.dataset, 'HIT-UAV')
    assert any('LrHook' in h['type'] for h in cfg.custom_hooks) == (
        not cfg.param_scheduler)
    dataset = cfg.val_dataloader.dataset
    classes = dataset.get('metainfo', {}).get('classes')
    if classes:
        assert len(classes) == cfg.model.bbox_head.num_classes
        assert cfg.train_dataloader.dataset.dataset.metainfo == \
            dataset.metainfo
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        # What the metrics and a picture from nowhere need.
        steps = loader.dataset.pipeline
        assert 'instances' in steps[-1].meta_keys
        assert 'LoadInstances' in [step.type for step in steps]
        assert loader.dataset.test_mode


@pytest.mark.parametrize('name', NAMES)
def test_models_give_what_the_metrics_count(name):
    """VisDrone's protocol counts 500 detections per image."""
    cfg = load(name)
    counted = [metric.get('max_dets', 300) for metric in cfg.test_evaluator
               if metric.type == 'DetPRMetric']
    assert max(counted) == (
        500 if name.startswith(('visdrone', 'synthetic')) else 300)
    assert cfg.model.test_cfg.max_per_img >= max(counted)


@pytest.mark.parametrize(
    'case', worked_case('lcb_yolov5', 'letterbox')['cases'],
    ids=lambda case: 'x'.join(map(str, case['wh'])))
def test_pictures_fill_the_square(case):
    """The test pipeline scales a picture and pads it right and below."""
    width, height = case['wh']
    size = case['size']
    cfg = load({640: 'visdrone-yolov5s', 1024: 'visdrone'}[size])
    resize, pad = (TRANSFORMS.build(step) for step in
                   cfg.val_dataloader.dataset.pipeline[1:3])
    image = np.zeros((height, width, 3), np.uint8)
    results = pad(resize(dict(img=image, img_shape=(height, width))))
    assert results['scale_factor'] == pytest.approx(case['scale_factor'])
    assert results['img'].shape == (size, size, 3)
    new_width, new_height = case['new_wh']
    assert (new_width, new_height) == (size - case['pad_right'],
                                       size - case['pad_bottom'])
    padded = results['img'].any(-1)
    assert not padded[:new_height, :new_width].any()
    assert padded.sum() == size**2 - new_width * new_height
    assert (results['img'][padded] == 114).all()


def test_yolov3_builds():
    """Its 61 million weights are not trained here."""
    for name in ('visdrone-yolov3', 'dior_vas-yolov3'):
        cfg = load(name)
        with torch.device('meta'):
            model = MODELS.build(cfg.model)
        count = sum(p.numel() for p in model.parameters())
        assert 61.5e6 < count < 61.6e6
        assert cfg.optim_wrapper.optimizer.lr == .001


@pytest.mark.parametrize('data', ['visdrone', 'hit_uav'])
def test_output_maps_of_the_other_reading(data):
    """256, 128 and 64 cells at 1024 pixels, from a map of each stride."""
    model = MODELS.build(shrink(load(f'{data}-p2').model)).eval()
    with torch.no_grad():
        maps, = model.bbox_head(model.extract_feat(torch.rand(1, 3, 128, 96)))
    assert [tuple(m.shape[-2:]) for m in maps] == [(32, 24), (16, 12), (8, 6)]


STOCK = {
    'retinanet/retinanet_r50_fpn_1x_coco.py': dict(bbox_head=dict(
        reg_decoded_bbox=True, loss_bbox=dict(
            _delete_=True, type='EfficientIoULoss', loss_weight=2.0))),
    'fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py': dict(bbox_head=dict(
        loss_bbox=dict(_delete_=True, type='EfficientIoULoss'))),
    'yolox/yolox_s_8xb8-300e_coco.py': dict(
        backbone=dict(
            _delete_=True, type='LCBDarknet', arch='v5', deepen_factor=.33,
            widen_factor=.5, downsample='lsm', spp='spps'),
        neck=dict(
            _delete_=True, type='LCBPAFPN', in_channels=[128, 256, 512],
            out_channels=128, csp='dres2'),
        bbox_head=dict(loss_bbox=dict(
            _delete_=True, type='EfficientIoULoss', reduction='sum',
            loss_weight=5.0)))
}


@pytest.mark.parametrize('base', STOCK)
def test_parts_in_stock_configs(base, tmp_path):
    path = tmp_path / 'mixed.py'
    path.write_text(f"_base_ = 'mmdet::{base}'\nmodel = {STOCK[base]!r}\n")
    cfg = Config.fromfile(path)
    init_default_scope('mmdet')
    model = cfg.model
    if 'yolox' in base:
        model.backbone.widen_factor = .125
        model.neck.update(in_channels=[32, 64, 128], out_channels=16)
        model.bbox_head.update(in_channels=16, feat_channels=16)
        model.data_preprocessor.pop('batch_augments')
    else:
        model.backbone.update(depth=18, base_channels=8, init_cfg=None,
                              frozen_stages=-1, style='pytorch')
        model.neck.update(in_channels=[8, 16, 32, 64], out_channels=32)
        model.bbox_head.update(in_channels=32, feat_channels=32)
    losses = train_and_predict(model, 128)
    loss = losses['loss_bbox']
    assert (sum(loss) if isinstance(loss, list) else loss) > 0
