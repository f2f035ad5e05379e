"""``--tta`` of the stock test, on one config of every kind of detector."""
from pathlib import Path

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from mmextra.synthetic import make_aerial, make_ct
from mmextra.utils.stock_tools import with_tta
from mmextra.utils.tta_config import add_tta, innermost_dataset

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs'


@pytest.fixture(scope='module')
def town(tmp_path_factory):
    root = tmp_path_factory.mktemp('tta') / 'town'
    make_aerial(root, num_train=1, num_val=1, num_test=2, image_size=128)
    return root


@pytest.fixture(scope='module')
def slices(tmp_path_factory):
    root = tmp_path_factory.mktemp('tta') / 'ct'
    make_ct(root, num_train=1, num_val=1, num_test=2, image_size=96)
    return root / 'covid_data'


def shrunk(name, data):
    """A config on tiny data, with a threshold at which chance finds."""
    cfg = Config.fromfile(CONFIGS / name)
    for key in ('test_dataloader', 'val_dataloader'):
        cfg[key].update(num_workers=0, persistent_workers=False,
                        batch_size=1)
    innermost_dataset(cfg).data_root = f'{data}/'
    test_cfg = cfg.model.test_cfg.get('rcnn') or cfg.model.test_cfg
    test_cfg.score_thr = 0.
    test_cfg.max_per_img = 20
    test_cfg.nms_pre = 100
    cfg.custom_hooks = []
    # Without the pictures of every image.
    cfg.default_hooks.pop('visualization')
    return cfg


def measured(cfg, work_dir, tta):
    """Metrics of an untrained model, always the same."""
    if tta:
        add_tta(cfg)
        # What the stock script makes of the two.
        cfg.model = ConfigDict(**cfg.tta_model, module=cfg.model)
        innermost_dataset(cfg).pipeline = cfg.tta_pipeline
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = f'{work_dir.name}_{tta}_{id(cfg)}'
    for key in ('train_dataloader', 'train_cfg', 'optim_wrapper',
                'val_dataloader', 'val_cfg', 'val_evaluator'):
        cfg[key] = None
    cfg.param_scheduler = None
    torch.manual_seed(0)
    runner = Runner.from_cfg(cfg)
    model = runner.model.module if tta else runner.model
    torch.manual_seed(0)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=.05)
    try:
        return runner.test()
    finally:
        DefaultScope._instance_dict.clear()


@pytest.mark.parametrize('name, data', [
    ('larsd/synthetic.py', 'harbour'),
    ('lcb_yolov5/synthetic.py', 'town'),
    ('covid_ct_mask_net/synthetic.py', 'slices'),
])
def test_one_view_equals_the_plain_test(name, data, tmp_path, request):
    root = request.getfixturevalue(data)
    plain = measured(shrunk(name, root), tmp_path, False)
    cfg = shrunk(name, root)
    cfg.tta = dict(flips=[], turns=[], scales=[])
    one = measured(cfg, tmp_path, True)
    assert one.keys() == plain.keys()
    for key in plain:
        assert one[key] == pytest.approx(plain[key], abs=1e-6), key
    cfg = shrunk(name, root)
    cfg.tta = dict(flips=['horizontal', 'vertical'], turns=[1], scales=[1.5])
    assert measured(cfg, tmp_path, True).keys() == plain.keys()


@pytest.mark.parametrize('name, reason', [
    ('feature_forecast/synthetic.py', 'works on videos'),
    ('gcn_fsod/synthetic-5shot.py', 'pictures of its classes'),
    ('covid_ct_mask_net/synthetic-classifier.py', 'classifies images'),
])
def test_models_without_views_are_named(name, reason):
    with pytest.raises(SystemExit, match=f'test.py: --tta: .*{reason}'):
        with_tta('test.py', [str(CONFIGS / name), 'c.pth', '--tta'])


def test_views_by_kind_of_box():
    steps = {}
    for name in ('larsd/hrsc2016.py', 'lcb_yolov5/visdrone.py'):
        cfg = add_tta(Config.fromfile(CONFIGS / name))
        steps[name] = cfg.tta_pipeline[-1].transforms
    turns = [[step.turns for step in options] for options in (
        lists[2] for lists in steps.values())]
    assert turns == [[0, 1], [0]]


def test_own_views_stay():
    cfg = Config.fromfile(CONFIGS / 'larsd/synthetic.py')
    cfg.tta_model = dict(type='mmdet.DetTTAModel')
    cfg.tta_pipeline = [dict(type='own')]
    assert add_tta(cfg).tta_pipeline == [dict(type='own')]
    assert cfg.tta_model == dict(type='mmdet.DetTTAModel')


@pytest.mark.parametrize('views, problem', [
    (dict(flips=['left']), "flips must be one of .*, got 'left'"),
    (dict(rotations=[1]), "tta has no .'rotations'."),
])
def test_bad_views_are_named(views, problem):
    cfg = Config.fromfile(CONFIGS / 'larsd/synthetic.py')
    cfg.tta = views
    with pytest.raises(ValueError, match=problem):
        add_tta(cfg)


def test_script_gets_a_whole_config():
    path = str(CONFIGS / 'larsd' / 'synthetic.py')
    argv = with_tta('test.py', [path, 'c.pth', '--tta'])
    assert argv[1:] == ['c.pth', '--tta'] and argv[0] != path
    assert Path(argv[0]).name == 'synthetic.py'
    assert Config.fromfile(argv[0]).tta_model.type == 'ViewsTTAModel'
    assert with_tta('test.py', [path, 'c.pth']) == [path, 'c.pth']
