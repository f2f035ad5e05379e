"""Every config builds what its name says."""
import copy
from functools import lru_cache
from pathlib import Path

import pytest
from mmdet.registry import DATASETS, HOOKS, METRICS, MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmextra.evaluation.references import get_reference

CONFIGS = Path(__file__).parents[2] / 'configs' / 'gcn_fsod'
NAMES = sorted(p.stem for p in CONFIGS.glob('*.py'))
# (correspondence, decouple, global, local, regression) of Tables 2 and 3
ROWS = {
    'global_kernel': ('global_kernel', False, True, True,
                      'category_attentive'),
    'coupled': ('gcn', False, True, True, 'category_attentive'),
    'c_g': ('gcn', True, True, False, 'category_attentive'),
    'c_l': ('gcn', True, False, True, 'category_attentive'),
    'r_s': ('gcn', True, True, True, 'stacked'),
    '': ('gcn', True, True, True, 'category_attentive'),
}
SMALL = dict(
    backbone=dict(depth=18, base_channels=8, style='pytorch', init_cfg=None),
    rpn_head=dict(in_channels=32, feat_channels=32),
    roi_head=dict(
        shared_head=None,
        bbox_roi_extractor=dict(
            roi_layer=dict(output_size=7), out_channels=32),
        bbox_head=dict(in_channels=32)))


@lru_cache(maxsize=None)
def read(name):
    return Config.fromfile(CONFIGS / f'{name}.py')


def load(name):
    init_default_scope('mmdet')
    return copy.deepcopy(read(name))


def lazily(dataset):
    """The dataset without its files."""
    if dataset.type == 'QueryAwareDataset':
        dataset = dataset.dataset
    return DATASETS.build(dict(dataset, lazy_init=True))


def datasets(cfg):
    found = [cfg.train_dataloader.dataset, cfg.val_dataloader.dataset,
             cfg.test_dataloader.dataset]
    return [lazily(dataset) for dataset in found]


@pytest.mark.parametrize('name', NAMES)
def test_config_is_consistent(name):
    cfg = load(name)
    train, val, test = datasets(cfg)
    classes = test.metainfo['classes']
    assert classes == val.metainfo['classes'] and test.test_mode
    if 'tfa' not in name and name != 'voc_mini-pretrain':
        support = cfg.custom_hooks[0]
        assert support.type == 'SupportInitHook'
        supports = lazily(support.dataset)
        # Labels are positions.
        assert supports.metainfo['classes'] == classes
        assert supports.instance_wise and supports.ann_shot_filter
        wrapper = cfg.train_dataloader.dataset
        for key in ('num_support_ways', 'num_support_shots'):
            assert wrapper[key] == cfg.model[key]
        if 'shot' in name:
            # Trained and shown the same shots.
            shown = supports.ann_shot_filter
            assert supports.shot_seed == train.shot_seed
            if name.startswith('voc_mini'):
                # And 30 of the base classes, which compete.
                novel = cfg.val_evaluator.class_splits.NOVEL_CLASSES
                assert set(train.metainfo['classes']) == set(novel)
                assert shown == {**dict.fromkeys(classes, 30),
                                 **train.ann_shot_filter}
            else:
                assert shown == train.ann_shot_filter
                assert set(supports.metainfo['classes']) == set(
                    train.metainfo['classes'])
    else:
        assert cfg.model.roi_head.bbox_head.num_classes == len(
            train.metainfo['classes']) == len(classes)
    hook, = [h for h in cfg.custom_hooks if h.type == 'BenchmarkHook']
    if hook.get('reference'):
        assert str(get_reference(hook.reference))
        assert 'base' not in name
        assert hook.get('dataset') == (
            None if name.startswith('synthetic') else 'COCO')
    if not name.startswith('synthetic'):
        cfg.val_evaluator.pop('ann_file', None)
    else:
        return
    METRICS.build(cfg.val_evaluator)


def shrink(cfg):
    """The same model with few channels, where it is a large one."""
    model = cfg.model
    if model.backbone.type == 'MobileNetV2':
        model.backbone.init_cfg = None
        return model
    if model.backbone.get('base_channels', 64) < 64:
        return model
    if model.get('neck'):
        changes = dict(
            backbone=dict(depth=50, base_channels=4, init_cfg=None),
            neck=dict(in_channels=[16, 32, 64, 128]))
    else:
        changes = SMALL
    cfg.merge_from_dict(dict(model=changes))
    if model.rpn_head.get('correspondence') == 'gcn':
        width = model.rpn_head.gcn.gcn_channels[0] // 32
        model.rpn_head.gcn.gcn_channels = (width, 32)
    return cfg.model


# Base trainings that leave a pretrained backbone as it is.
KEEP_FEATURES = 'voc_mini-base', 'voc_mini-base-attention_rpn'


@pytest.mark.parametrize('name', NAMES)
def test_model_builds(name):
    cfg = load(name)
    model = MODELS.build(shrink(cfg))
    frozen = cfg.model.get('frozen_parameters') or []
    assert bool(frozen) == ('shot' in name or name in KEEP_FEATURES)
    for part in frozen:
        assert not any(p.requires_grad
                       for p in model.get_submodule(part).parameters())
    assert any(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize('prefix', ['coco17-base', 'coco17-10shot',
                                    'synthetic', 'synthetic-5shot'])
@pytest.mark.parametrize('row', ROWS)
def test_rows_of_the_tables(prefix, row):
    model = load(f'{prefix}-{row}' if row else prefix).model
    head = model.roi_head.bbox_head
    assert (model.rpn_head.correspondence, model.rpn_head.decouple,
            head.global_matching, head.local_matching,
            head.reg_branch) == ROWS[row]


def test_schedules_of_the_paper():
    for name, iters, rate, step in (
            ('coco17-base', 120000, .002, 112000),
            ('coco17-10shot', 2000, .001, 1300),
            ('coco14-30shot', 3000, .001, 2000)):
        cfg = load(name)
        assert cfg.train_cfg.max_iters == iters
        assert cfg.optim_wrapper.optimizer.lr == rate
        assert cfg.param_scheduler[1].milestones == [step]
        # A batch of 8 on four GPUs.
        assert cfg.train_dataloader.batch_size * 4 == 8
        assert cfg.auto_scale_lr.base_batch_size == 8
    head = load('coco17-base').model.rpn_head
    anchors = head.anchor_generator
    assert len(anchors.scales) * len(anchors.ratios) == 15
    assert head.in_channels == head.gcn.gcn_channels[1] == 1024


def test_shots_of_voc():
    for split in (1, 2, 3):
        for shots in (1, 2, 3, 5, 10):
            cfg = load(f'voc_split{split}-{shots}shot')
            train = lazily(cfg.train_dataloader.dataset)
            assert set(train.ann_shot_filter.values()) == {shots}
            assert len(train.ann_cfg) == 5
            assert f'box_{shots}shot' in train.ann_cfg[0]['ann_file']
            assert cfg.val_evaluator.class_splits == [
                f'NOVEL_CLASSES_SPLIT{split}']


def test_the_hook_builds():
    hook = HOOKS.build(load('coco17-10shot').custom_hooks[0])
    assert hook.dataset['type'] == 'FewShotCocoDefaultDataset'


def test_peers_on_real_pictures_differ_in_their_heads_alone():
    for stage in ('base', '1shot', '3shot', '5shot', '10shot'):
        ours, attention, tfa = (load(f'voc_mini-{stage}{peer}') for peer in
                                ('', '-attention_rpn', '-tfa'))
        # Whose backbone begins where voc_mini-pretrain.py ends.
        assert not tfa.model.backbone.pop('norm_eval')
        for cfg in (ours, attention):
            assert cfg.model.backbone.pop('norm_eval')
        for other in (attention, tfa):
            for part in ('backbone', 'neck', 'data_preprocessor'):
                assert {**ours.model[part], 'type': ''} == {
                    **other.model[part], 'type': ''}
            anchors = ours.model.rpn_head.anchor_generator
            assert anchors == other.model.rpn_head.anchor_generator
        train = ours.train_dataloader.dataset.dataset
        assert attention.train_dataloader == ours.train_dataloader
        other = tfa.train_dataloader.dataset
        assert train.ann_cfg == other.ann_cfg
        assert train.multi_pipelines.query == other.pipeline
        if stage == 'base':
            pretrain = load('voc_mini-pretrain')
            assert pretrain.model == load('voc_mini-base-tfa').model
            assert pretrain.train_dataloader == tfa.train_dataloader
            assert pretrain.train_cfg.max_iters * 2 < tfa.train_cfg.max_iters
            assert f'pretrain/iter_{pretrain.train_cfg.max_iters}' in \
                ours.load_from == attention.load_from
        else:
            assert train.num_novel_shots == other.num_novel_shots == \
                other.num_base_shots == int(stage[:-4])
        for cfg in (ours, attention, tfa):
            assert 'val.txt' in cfg.test_dataloader.dataset.ann_cfg[0][
                'ann_file']
