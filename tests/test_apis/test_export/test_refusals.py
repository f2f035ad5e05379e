"""What cannot be exported is named, with the reason."""
import pytest
from mmengine.config import Config

from mmextra.apis.export import ExportError, Options, export_built, load_model
from mmextra.apis.export.preprocess import fixed_size, image_spec
from mmextra.utils.untrained_model import build_untrained
from tests import export_helpers as make

LARSD = 'larsd/synthetic.py'
LCB = 'lcb_yolov5/synthetic.py'
CT = 'covid_ct_mask_net/synthetic-classifier.py'


def plan(cfg, options=None):
    from mmextra.apis.export.planning import plan_export
    model = build_untrained(cfg)
    model.eval()
    return plan_export(model, cfg, options or Options())


@pytest.mark.parametrize('name, change, options, words', [
    (LARSD, {}, Options(nms='graph'), 'no operator for the suppression'),
    (LCB, {'model.test_cfg.nms.type': 'soft_nms'}, None, 'soft_nms'),
    (LCB, {'model.test_cfg.min_bbox_size': 4}, None, '--nms runner'),
    (CT, {'model.img_head.replicate': dict(test='draw')}, None, 'random'),
    (CT, {}, Options(nms='runner'), 'inside its graph'),
    (CT, {'test_dataloader.dataset.pipeline': [
        dict(type='LoadCTSlice'), dict(type='PackCTInputs')]}, None,
     'LoadCTSlice'),
    ('gcn_fsod/synthetic.py', {'custom_hooks': []}, None,
     'SupportInitHook'),
    ('gcn_fsod/synthetic.py', {'model.test_cfg.rcnn.share_iou': .8}, None,
     'share_iou cannot be exported'),
])
def test_refused_with_the_reason(name, change, options, words):
    cfg = make.config(name)
    cfg.merge_from_dict(change)
    if 'custom_hooks' in change:
        cfg.custom_hooks = []
    if 'test_dataloader.dataset.pipeline' in change:
        cfg.test_dataloader.dataset.pipeline = change[
            'test_dataloader.dataset.pipeline']
    with pytest.raises(ExportError, match=words):
        plan(cfg, options)


def test_a_share_of_an_rpn_that_knows_no_classes(monkeypatch, tmp_path):
    model = make.few_shot()
    model.roi_head.test_cfg.rpn_power = .5
    monkeypatch.setattr(type(model), 'compares_in_rpn', False)
    with pytest.raises(ExportError, match='rpn_power'):
        export_built(model, model.cfg, tmp_path)


def test_other_models_are_named():
    cfg = Config(dict(model=dict(type='DETR')))
    from mmextra.apis.export.planning import plan_export
    with pytest.raises(ExportError, match='Linear cannot be exported'):
        import torch
        plan_export(torch.nn.Linear(1, 1), cfg, Options())


@pytest.mark.parametrize('opset', [11, 15, 21])
def test_opset_out_of_range(tmp_path, opset):
    from mmextra.apis.export import export_model
    with pytest.raises(ExportError, match='16 to 20'):
        export_model(make.CONFIGS / LCB, None, tmp_path, Options(opset=opset))


def test_missing_and_foreign_checkpoints(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        load_model(make.CONFIGS / LCB, str(tmp_path / 'nowhere.pth'))
    import torch
    torch.save(dict(state_dict={}), tmp_path / 'other.pth')
    with pytest.raises(ExportError, match='other.pth'):
        load_model(make.CONFIGS / LCB, str(tmp_path / 'other.pth'))


def test_a_file_in_place_of_the_folder(tmp_path):
    target = tmp_path / 'file'
    target.write_text('')
    cfg = make.config(LCB)
    with pytest.raises(ExportError, match='is a file'):
        export_built(build_untrained(cfg).eval(), cfg, target)


@pytest.mark.parametrize('steps, size', [
    ([dict(type='Resize', scale=(640, 640), keep_ratio=True),
      dict(type='Pad', pad_to_square=True)], (640, 640)),
    ([dict(type='Resize', scale=(300, 200), keep_ratio=False)], (224, 320)),
    ([dict(type='mmdet.Resize', scale=(512, 512), keep_ratio=True),
      dict(type='mmdet.Pad', size=(512, 512))], (512, 512)),
    ([dict(type='Resize', scale=(1333, 800), keep_ratio=True)], None),
    ([], None),
])
def test_which_inputs_have_a_fixed_size(steps, size):
    spec = image_spec(steps, dict(pad_size_divisor=32))
    assert fixed_size(spec) == size


@pytest.mark.parametrize('step', [
    dict(type='LoadImageFromFile', to_float32=True),
    dict(type='Resize', scale_factor=2.), dict(type='RandomFlip'),
    dict(type='Resize', scale=(8, 8), interpolation='nearest'),
])
def test_unknown_steps_are_named(step):
    with pytest.raises(ValueError, match=step['type']):
        image_spec([step], {})
