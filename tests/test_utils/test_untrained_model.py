import copy

from mmengine.registry import DefaultScope

from mmextra.utils.untrained_model import build_untrained, load_config


def test_no_part_is_pretrained():
    cfg = load_config('mmdet::retinanet/retinanet_r18_fpn_1x_coco.py')
    cfg.model.backbone.base_channels = 4
    cfg.model.neck.update(in_channels=[4, 8, 16, 32], out_channels=4)
    cfg.model.bbox_head.update(in_channels=4, feat_channels=4)
    cfg.model.bbox_head.init_cfg = [
        dict(type='Pretrained', checkpoint='nowhere.pth')]
    before = copy.deepcopy(cfg.model)
    assert cfg.model.backbone.init_cfg.type == 'Pretrained'
    model = build_untrained(cfg)
    model.init_weights()
    assert cfg.model == before
    assert DefaultScope.get_current_instance().scope_name == 'mmdet'


def test_config_file(tmp_path):
    (tmp_path / 'some.py').write_text('value = 3\n')
    assert load_config(str(tmp_path / 'some.py')).value == 3
