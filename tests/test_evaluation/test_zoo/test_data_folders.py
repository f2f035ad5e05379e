import pytest
from helpers import ROOT

from mmextra.evaluation.zoo import data_folder, split_by_data

CONFIGS = ROOT / 'configs'


@pytest.mark.parametrize('config, folder', [
    ('larsd/hit_uav', 'data/hit_uav/'),
    # Behind one wrapper, and two.
    ('lcb_yolov5/hit_uav', 'data/hit_uav/'),
    ('gcn_fsod/voc_mini-10shot', 'data/voc_mini/'),
    ('feature_forecast/foda_vid', 'data/foda_vid/'),
    ('covid_ct_mask_net/covid_semiseg-fold0', 'data/covid_semiseg/'),
])
def test_folder_of_a_config(config, folder):
    assert data_folder(CONFIGS / f'{config}.py') == folder


def test_every_real_config_names_its_folder():
    configs = [path for path in CONFIGS.glob('[!_]*/*.py')
               if not path.stem.startswith('synthetic')]
    assert [path for path in configs if not data_folder(path)] == []


def test_what_is_there_is_run_and_the_rest_told(tmp_path, monkeypatch):
    here, there = (CONFIGS / 'larsd' / f'{name}.py'
                   for name in ('hit_uav', 'marina'))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match='data/hit_uav/, data/marina'):
        split_by_data([here, there])
    (tmp_path / 'data' / 'hit_uav').mkdir(parents=True)
    present, absent = split_by_data([here, there])
    assert present == [here]
    (folder, left), = absent.items()
    assert left == [there] and folder.startswith('data/marina')
