import json

import pytest

from mmextra.apis.analysis import volume_speed
from mmextra.datasets.ct_files import nifti
from tests.helpers import load_tool

pytest.importorskip('nibabel')


@pytest.fixture(scope='module')
def tool():
    return load_tool('analysis_tools/benchmark_volume.py')


def test_an_epoch_unpacks_the_volume_once(tool, tmp_path, capsys):
    out = tmp_path / 'row.json'
    row = tool.main(['--slices', '9', '--side', '16', '--out', str(out)])
    assert json.loads(out.read_text()) == [row]
    assert row['unpackings'] == 1
    assert min(row['packed_s'], row['unpacked_s'], row['one_s']) > 0
    assert '1 times' in capsys.readouterr().out


def test_what_is_not_kept_is_counted(monkeypatch):
    """Without the cache every slice unpacks the volume."""
    class Forgetful(nifti.VolumeCache):
        def get(self, path, proxy):
            self.volumes.clear()
            return super().get(path, proxy)

    forgetful = Forgetful()
    for module in (nifti, volume_speed):
        monkeypatch.setattr(module, 'CACHE', forgetful)
    assert volume_speed.volume_speed(3, 8)['unpackings'] == 3
