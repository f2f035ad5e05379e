"""The zoo's files are true to the configs and to the results."""
import hashlib
import re
import shutil
from pathlib import Path

import pytest
import yaml
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmextra.evaluation.zoo import ResultsError, read_results
from mmextra.evaluation.zoo.metafile import (
    BEGIN,
    END,
    add_results,
    committed_rows,
    fill_page,
    generated_files,
    paper_folders,
    zoo_table,
)

ROOT = Path(__file__).parents[3]


def read(path):
    return yaml.safe_load(path.read_text())


def test_zoo_is_up_to_date():
    """Otherwise run: python tools/update_zoo.py"""
    for path, text in generated_files(ROOT).items():
        assert path.read_text() == text, path


def test_index_and_metafiles_name_every_config_once():
    metafiles = [ROOT / path for path in read(ROOT / 'model-index.yml')[
        'Import']]
    assert [path.parent for path in metafiles] == paper_folders(ROOT)
    names, configs = [], []
    for path in metafiles:
        content = read(path)
        collection, = content['Collections']
        assert (ROOT / collection['README']).is_file()
        for model in content['Models']:
            assert model['In Collection'] == collection['Name']
            names.append(model['Name'])
            configs.append(ROOT / model['Config'])
    assert len(set(names)) == len(names)
    assert sorted(configs) == sorted(
        path for folder in paper_folders(ROOT) for path in folder.glob('*.py'))


@pytest.mark.parametrize('folder', paper_folders(ROOT),
                         ids=lambda folder: folder.name)
def test_results_are_of_these_configs(folder):
    built = {}
    for row in committed_rows(folder):
        config = row['config']
        cfg = Config.fromfile(ROOT / config)
        assert row['synthetic'] == Path(config).stem.startswith('synthetic')
        if config not in built:
            init_default_scope(cfg.get('default_scope', 'mmdet'))
            built[config] = sum(
                p.numel() for p in MODELS.build(cfg.model).parameters())
        # The model of today, not the one of some day.
        assert row['model']['parameters'] == built[config]
        for entry in row['comparisons']:
            if row['synthetic']:
                assert not entry['comparable']
                assert entry['difference'] is None


def test_interrupted_training_leaves_a_checkpoint_to_go_on_from():
    """mmengine deletes the older one before it writes the newer one."""
    for path in (ROOT / 'configs').rglob('*.py'):
        assert not re.search(r'max_keep_ckpts=1\b', path.read_text()), path


RESULTS = dict(
    format='mmextra-zoo', version=1, quick=False, stages=[], problems=[],
    machine=dict(cpu='Abacus', cores=2, gpus=[], versions={}),
    rows=[dict(
        paper='larsd', name='larsd/synthetic', dataset='synthetic harbour',
        config='configs/larsd/synthetic.py', split='test', synthetic=True,
        seeds=[0, 1], epoch=12, measured={'voc07/AP50': 0.6},
        spread={'voc07/AP50': 0.02}, values={'voc07/AP50': [0.58, 0.62]},
        model=dict(parameters=3_650_000), costs=dict(
            macs=5_000_000_000, latency_ms=20.4, device='cpu', threads=1),
        comparisons=[dict(
            metric='AP', key='voc07/AP50', unit='percent', measured=60.,
            paper=90.3, difference=None, source='larsd, Table IV',
            reference='larsd/table4/LARSD-11/HRSC2016', method='LARSD-11',
            paper_dataset='HRSC2016', comparable=False, reason='', note='')
        ], stage='left out')])


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / 'configs' / 'larsd'
    folder.mkdir(parents=True)
    for name in ('synthetic.py', 'synthetic-p2.py', 'benchmark.yml'):
        shutil.copy(ROOT / 'configs' / 'larsd' / name, folder)
    manifest = folder / 'benchmark.yml'
    manifest.write_text(manifest.read_text().split('# LASA')[0])
    (folder / 'README.md').write_text(f'before\n{BEGIN}\nold\n{END}\nafter\n')
    (tmp_path / 'README.md').write_text('no table\n')
    return tmp_path


def test_results_become_metafile_and_table(project):
    for path, text in add_results(project, RESULTS).items():
        path.write_text(text)
    files = {path.relative_to(project).as_posix(): text
             for path, text in generated_files(project).items()}
    assert set(files) == {'model-index.yml', 'configs/larsd/metafile.yml',
                          'configs/larsd/README.md'}
    bare, model = sorted(
        yaml.safe_load(files['configs/larsd/metafile.yml'])['Models'],
        key=lambda model: len(model))
    assert bare['Name'] == 'larsd_synthetic-p2'
    assert model['Results'] == [dict(
        Task='Oriented Object Detection', Dataset='synthetic harbour',
        Metrics=dict(AP=60.))]
    assert model['Metadata'] == {
        'Training Data': 'synthetic harbour', 'Epochs': 12, 'Seeds': 2,
        'Parameters': 3_650_000, 'Multiply-adds': 5_000_000_000}
    page = files['configs/larsd/README.md']
    assert page.startswith('before\n') and page.endswith(f'{END}\nafter\n')
    assert ('| [larsd/synthetic](synthetic.py) | synthetic harbour | AP '
            '[percent] | 60.00 ± 2.00 | 90.3 on HRSC2016 | 2 | 3.65 | 5 | '
            'n/a | 20 | n/a |') in page
    assert 'on Abacus, 2 cores; times and memory of a test of one sample,' \
        in page
    assert ' on cpu, 1 thread. Numbers on synthetic or other data' in page
    # From another folder the link is another.
    assert '(configs/larsd/synthetic.py)' in zoo_table(
        committed_rows(project / 'configs' / 'larsd'),
        project / 'README.md', project)


def test_weights_have_their_own_results(project):
    """Those of another training of the config are not theirs."""
    for path, text in add_results(project, RESULTS).items():
        path.write_text(text)
    weights = project / 'weights'
    weights.mkdir()
    (weights / 'larsd_synthetic.pth').write_bytes(b'weights')
    with pytest.raises(ResultsError, match='add larsd_synthetic to'):
        generated_files(project)
    own = [dict(Task='T', Dataset='harbour', Metrics=dict(AP50=77.7))]
    (weights / 'results.yml').write_text(
        yaml.safe_dump(dict(larsd_synthetic=own)))
    text = generated_files(project)[
        project / 'configs' / 'larsd' / 'metafile.yml']
    model, = (model for model in yaml.safe_load(text)['Models']
              if 'Weights' in model)
    assert model['Results'] == own
    assert 'Seeds' not in model['Metadata']
    assert model['Metadata']['SHA256'] == hashlib.sha256(
        b'weights').hexdigest()


def test_rows_of_peers_on_real_data(project):
    known = RESULTS['rows'][0]
    row = dict(known, synthetic=False, dataset='HIT-UAV', comparisons=[],
               measured=dict({'other': 1.}, **known['measured']),
               config='configs/larsd/synthetic-p2.py', epoch=0, iter=4700)
    for path, text in add_results(
            project, dict(RESULTS, rows=[known, row])).items():
        path.write_text(text)
    (project / 'docs').mkdir(exist_ok=True)
    page = project / 'docs' / 'zoo.md'
    page.write_text(f'{BEGIN}\n{END}\n')
    files = generated_files(project)
    model, = (model for model in yaml.safe_load(files[
        project / 'configs' / 'larsd' / 'metafile.yml'])['Models']
        if model['Name'] == 'larsd_synthetic-p2')
    # Of the paper's task, though no row of the paper is named.
    assert model['Results'] == [dict(
        Task='Oriented Object Detection', Dataset='HIT-UAV',
        Metrics=dict(AP=60.))]
    assert model['Metadata']['Iterations'] == 4700
    assert 'Epochs' not in model['Metadata']
    # The metric of the paper's row.
    assert '| HIT-UAV | AP [percent] | 60.00 ± 2.00 |  | 2 |' in files[page]


def test_newer_results_replace_older_ones(project):
    path, = add_results(project, RESULTS)
    path.write_text(add_results(project, RESULTS)[path])
    row = dict(RESULTS['rows'][0], seeds=[0])
    other = dict(row, split='val')
    text = add_results(project, dict(RESULTS, rows=[row, other]))[path]
    path.write_text(text)
    assert [(r['split'], r['seeds']) for r in read_results(path)['rows']] == [
        ('test', [0]), ('val', [0])]
    assert 'left out' not in text


@pytest.mark.parametrize('change, message', [
    (dict(quick=True), 'shortened'),
    (dict(rows=[dict(RESULTS['rows'][0], config='configs/x/y.py')]),
     'configs/x/y.py is not in'),
])
def test_results_that_are_not_for_the_zoo(project, change, message):
    with pytest.raises(ResultsError, match=message):
        add_results(project, {**RESULTS, **change})


@pytest.mark.parametrize('text', ['{', '[]', '{"format": "other"}'])
def test_files_that_are_no_results(tmp_path, text):
    path = tmp_path / 'results.json'
    path.write_text(text)
    with pytest.raises(ResultsError, match='results.json'):
        read_results(path)


def test_a_page_with_one_marker(project):
    assert fill_page('text', 'table', 'page') is None
    for text in (BEGIN, END, f'{END} {BEGIN}'):
        with pytest.raises(ValueError, match='page.*both markers'):
            fill_page(text, 'table', 'page')
