"""Which stages a benchmark has, from hand-written manifests."""
from dataclasses import asdict
from pathlib import Path

import pytest
from mmengine.config import Config

from mmextra.evaluation.zoo import (
    ManifestError,
    choose_configs,
    make_plan,
    read_manifest,
)
from mmextra.evaluation.zoo.manifest import fit
from mmextra.evaluation.zoo.metafile import paper_folders
from mmextra.evaluation.zoo.plan import reports_of
from mmextra.evaluation.zoo.run_stage import SEED, command

ROOT = Path(__file__).parents[3]
MANIFEST = """
collection: {Name: Paper}
data:
  - {configs: synthetic*, make: pond "data/a pond" --seed 3}
quick:
  config: synthetic-shot
  options:
    '*': {a: 1, b: [2, 3]}
    synthetic-shot: {a: 4}
stages:
  '*-free': [{tool: test, needs: '*-base'}]
  '*-shot':
    - {tool: train, needs: '*-base', options: {c: 5}, into: model.x}
    - {tool: test}
  synthetic-convert:
    - {name: convert, tool: tools/x.py, needs: synthetic-free,
       args: ['{config}', '{weights}', '{output}']}
    - {tool: train, needs: convert}
    - {tool: test}
    - {name: again, tool: test, needs: convert}
"""
NAMES = ('synthetic-base', 'synthetic-free', 'synthetic-shot',
         'synthetic-convert', 'lake-base', 'lake-free')


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / 'configs' / 'paper'
    folder.mkdir(parents=True)
    for name in NAMES:
        (folder / f'{name}.py').touch()
    (folder / 'benchmark.yml').write_text(MANIFEST)
    return folder


@pytest.mark.parametrize('pattern, name, star', [
    ('a', 'a', ''), ('a', 'ab', None), ('*-b', 'x-y-b', 'x-y'),
    ('a*', 'a', ''), ('*.b', 'axb', None), ('a*b', 'ab', '')])
def test_fit(pattern, name, star):
    assert fit(pattern, name) == star


def plan(folder, *names, **kwargs):
    return make_plan([folder / f'{name}.py' for name in names],
                     kwargs.pop('seeds', 1), **kwargs)


def edges(stages):
    return [(stage.key, stage.weights) for stage in stages]


def test_without_a_manifest_configs_are_trained_and_tested(folder):
    (folder / 'benchmark.yml').unlink()
    assert edges(plan(folder, 'lake-base', seeds=2)) == [
        ('paper/lake-base/seed0/train', None),
        ('paper/lake-base/seed0/test', 'paper/lake-base/seed0/train'),
        ('paper/lake-base/seed1/train', None),
        ('paper/lake-base/seed1/test', 'paper/lake-base/seed1/train')]


def test_shared_weights_are_trained_once(folder):
    assert edges(plan(folder, 'lake-free', 'lake-base')) == [
        ('paper/lake-base/seed0/train', None),
        ('paper/lake-free/seed0/test', 'paper/lake-base/seed0/train'),
        ('paper/lake-base/seed0/test', 'paper/lake-base/seed0/train')]


def test_chain_through_a_script(folder):
    data, *stages = plan(folder, 'synthetic-convert')
    assert data.args == ('pond', 'data/a pond', '--seed', '3')
    place = 'paper/synthetic-convert/seed0'
    assert edges(stages) == [
        # A config that is only tested has the weights of another.
        ('paper/synthetic-base/seed0/train', None),
        (f'{place}/convert', 'paper/synthetic-base/seed0/train'),
        (f'{place}/train', f'{place}/convert'),
        (f'{place}/test', f'{place}/train'),
        (f'{place}/again', f'{place}/convert')]
    assert all(data.key in stage.after for stage in stages)
    assert stages[1].tool == 'tools/x.py' and len(stages[1].args) == 3


def test_quick_options_and_the_stage_s_own(folder):
    _, base, shot, test = plan(folder, 'synthetic-shot', quick=True)
    assert base.options == dict(a=1, b=[2, 3])
    assert shot.options == dict(a=4, b=[2, 3], c=5)
    assert (base.into, shot.into) == ('load_from', 'model.x')
    # The seed, the options, and where the weights go.
    assert command(dict(root=ROOT, out=folder, resume=False), asdict(shot),
                   folder / 'w.pth')[-6:] == [
        '--cfg-options', 'randomness.seed=0', 'a=4', 'b=[2,3]', 'c=5',
        f'model.x={folder}/w.pth']
    assert test.options == dict(a=4, b=[2, 3])
    assert plan(folder, 'synthetic-shot')[1].options == {}


def test_options_may_name_the_seed(folder):
    (folder / 'benchmark.yml').write_text(
        "stages: {'*-free': [{tool: train, options: {d.shot_seed: '{seed}', "
        "e: seed}}]}")
    stages = make_plan([folder / 'lake-free.py'], 3)
    assert [command(dict(root=ROOT, out=folder, resume=False), asdict(stage),
                    None)[-3:] for stage in stages] == [
        [f'randomness.seed={k}', f'd.shot_seed={k}', 'e=seed']
        for k in range(3)]


def test_other_seeds_of_few_shot_configs_have_other_shots():
    folder = ROOT / 'configs' / 'gcn_fsod'
    stages = make_plan(sorted(folder.glob('*shot*.py')), 1)
    chosen = {}
    for stage in stages:
        for key, value in stage.options.items():
            if value == SEED:
                holder, _, name = key.rpartition('.')
                cfg = Config.fromfile(stage.config)
                dataset = value_at(cfg, holder)
                assert name == 'shot_seed' and 'FewShot' in dataset['type']
                chosen.setdefault(stage.config.stem, set()).add(
                    (stage.tool, holder.split('.')[0]))
    trained = {('train', 'train_dataloader'), ('train', 'custom_hooks'),
               ('test', 'custom_hooks')}
    for name in ('synthetic-5shot', 'synthetic-1shot-edges_pairs',
                 'voc_mini-3shot', 'voc_mini-10shot-attention_rpn'):
        assert chosen[name] == trained, name
    for name in ('synthetic-5shot-tfa', 'voc_mini-1shot-tfa'):
        assert chosen[name] == {('train', 'train_dataloader')}, name


REPORTS = """
stages:
  lake-free: [{tool: test, needs: lake-base}]
reports:
  compared:
    tool: tools/x.py
    args: ['{config:lake-base}', --first, '{detections:lake-*}',
           'all={results:lake-*}', '{weights:lake-free}']
"""


def test_reports_read_all_seeds_of_tested_configs(folder):
    (folder / 'benchmark.yml').write_text(REPORTS)
    *stages, report = plan(folder, 'lake-base', 'lake-free', seeds=2)
    assert report.key == 'paper/reports/compared' and report.is_report
    assert report.paper == 'paper' and report.config is report.seed is None
    tests = [f'paper/lake-{name}/seed{seed}/test'
             for name in ('base', 'free') for seed in (0, 1)]
    weights = 'paper/lake-base/seed0/train'
    assert report.args == (
        str(folder / 'lake-base.py'), '--first',
        *(f'{{detections:{key}}}' for key in tests),
        'all=' + ','.join(f'{{results:{key}}}' for key in tests),
        f'{{weights:{weights}}}')
    assert report.after == (*tests, weights)
    assert {stage.key for stage in stages if stage.keeps_detections} == set(
        tests)
    # Only of what was chosen, and of whole trainings.
    for chosen, kwargs in ((('lake-base', ), {}),
                           (('lake-base', 'lake-free'), dict(quick=True))):
        assert not any(stage.is_report or stage.keeps_detections
                       for stage in plan(folder, *chosen, **kwargs))
    (left, name, missing), = reports_of([folder / 'lake-base.py'])
    assert (left, name, missing) == (folder, 'compared', ['lake-free'])
    assert not list(reports_of([folder / 'synthetic-base.py']))


def test_reports_of_the_first_seed_and_alone(folder):
    (folder / 'benchmark.yml').write_text(
        "stages: {lake-base: [{tool: train}, {name: last, tool: test}]}\n"
        "reports: {a: {tool: x.py, args: ['{results:lake-base}'], "
        "seeds: first, alone: true}}")
    *_, report = plan(folder, 'lake-base', seeds=2)
    assert report.args == ('{results:paper/lake-base/seed0/last}', )
    assert report.alone


@pytest.mark.parametrize('text, message', [
    ('stages: [', 'not valid YAML'),
    ('phases: {}', "unknown field 'phases'; legal are collection"),
    ('stages: {lake-base: train}', 'lake-base must be a list'),
    ('stages: {nowhere: [{tool: train}]}', "no config is named 'nowhere'"),
    ('stages: {lake-base: [{tol: train}]}', "unknown field 'tol'"),
    ('stages: {lake-base: [{args: []}]}', 'has no tool'),
    ('stages: {lake-base: [{tool: test}]}', 'needs None'),
    ('stages: {lake-base: [{tool: train, needs: sea}]}', "needs 'sea'"),
    ('stages: {lake-base: [{tool: train}, {tool: train}]}', 'two stages'),
    ('quick: {config: sea}', "there is no config 'sea'"),
    ('data: [{configs: lake*}]', 'needs both configs and make'),
    ('reports: {all: [a]}', 'all must be a mapping'),
    ('reports: {all: {args: []}}', 'all: tool must be .* got None'),
    ('reports: {all: {tool: test}}', "all: tool must be .* got 'test'"),
    ('reports: {../all: {tool: a.py}}', 'named by letters'),
    ("reports: {all: {tool: a.py, args: ['{config:lake-base}']}}",
     'reads no result'),
    ("reports: {all: {tool: a.py, args: ['{results:sea}']}}",
     "no config is named 'sea'"),
    ("reports: {all: {tool: a.py, args: ['{results:*a*}']}}",
     'more than one'),
    ('reports: {all: {tool: a.py, args: [{results:lake-base}]}}',
     'in quotes; kinds are config, weights'),
    ("reports: {all: {tool: a.py, args: ['{weight:lake-base}']}}",
     'is no text with places'),
    ("reports: {all: {tool: a.py, args: ['{results:lake-base}'], seeds: 2}}",
     'all or first, got 2'),
    ("{stages: {lake-base: [{tool: train}]}, reports: {all: {tool: a.py, "
     "args: ['{results:lake-*}']}}}", 'results of lake-base, which leaves'),
    ("{stages: {lake-base: []}, reports: {all: {tool: a.py, "
     "args: ['{weights:lake-base}']}}}", 'weights of lake-base, which leaves'),
])
def test_malformed_manifests_are_told(folder, text, message):
    (folder / 'benchmark.yml').write_text(text)
    with pytest.raises(ManifestError, match=message) as told:
        read_manifest(folder)
    assert str(folder) in str(told.value)


def test_configs_that_need_each_other(folder):
    (folder / 'benchmark.yml').write_text(
        'stages: {lake-base: [{tool: train, needs: lake-free}],'
        ' lake-free: [{tool: train, needs: lake-base}]}')
    with pytest.raises(ManifestError, match='lake-base needs itself'):
        plan(folder, 'lake-base')


def stems(configs):
    return [config.stem for config in configs]


def test_choice_of_configs(folder):
    root = folder.parent
    (root / '_base_').mkdir()
    (root / '_base_' / 'synthetic.py').touch()
    synthetic = sorted(name for name in NAMES if name[0] == 's')
    assert stems(choose_configs([], root, None, False)) == synthetic
    assert stems(choose_configs([folder], root, 'real', False)) == [
        'lake-base', 'lake-free']
    assert stems(choose_configs([], root, 'synthetic', True)) == [
        'synthetic-shot']
    # A file that is named is what is meant.
    lake = folder / 'lake-base.py'
    assert choose_configs([lake, lake], root, None, False) == [lake]
    with pytest.raises(ValueError, match='not about synthetic data'):
        choose_configs([lake], root, 'synthetic', False)
    with pytest.raises(ValueError, match='sea.py: no such config'):
        choose_configs([folder / 'sea.py'], root, None, False)
    with pytest.raises(ValueError, match='no config of real data'):
        choose_configs([], root, 'real', True)


@pytest.mark.parametrize('folder', paper_folders(ROOT),
                         ids=lambda folder: folder.name)
def test_manifests_of_the_papers(folder):
    """Every config has a plan, and every paper a quick one."""
    manifest = read_manifest(folder)
    assert {'Name', 'Architecture'} <= set(manifest.collection)
    configs = [folder / f'{name}.py' for name in manifest.configs]
    stages = make_plan(configs, 1)
    assert {stage.config for stage in stages if stage.config} == set(configs)
    for stage in stages:
        if stage.tool not in ('train', 'test', 'data'):
            assert (ROOT / stage.tool).is_file()
    quick, = choose_configs([folder], folder.parent, 'synthetic', True)
    shortened = make_plan([quick], 1, True)
    assert any(stage.tool == 'test' for stage in shortened)
    for stage in shortened:
        if stage.tool == 'train':
            cfg = Config.fromfile(stage.config)
            # All keys are there, and the training is shorter.
            values = {key: value_at(cfg, key)
                      for key, value in stage.options.items()
                      if value != SEED}
            length, = (key for key in values if '.max_' in key)
            assert stage.options[length] < values[length]


@pytest.mark.parametrize('folder', paper_folders(ROOT),
                         ids=lambda folder: folder.name)
def test_a_config_that_starts_from_weights_needs_them(folder):
    manifest = read_manifest(folder)
    stages = make_plan([folder / f'{name}.py' for name in manifest.configs],
                       1)
    for name in manifest.configs:
        start = Config.fromfile(folder / f'{name}.py').get('load_from')
        if start and str(start).startswith('work_dirs/'):
            assert any(stage.weights for stage in stages
                       if stage.config == folder / f'{name}.py'), name


def value_at(cfg, key):
    """What a key of ``--cfg-options`` changes; it must be there."""
    for part in key.split('.'):
        cfg = cfg[int(part)] if isinstance(cfg, (list, tuple)) else cfg[part]
    return cfg
