import numpy as np
import pytest

from mmextra.datasets.dota_txt import read_dota_txt
from mmextra.structures import parse_dota_line


@pytest.mark.parametrize('line', [
    '', '   ', 'imagesource:GoogleEarth', 'gsd:0.146', 'gsd:null',
    'acquisition dates: 2016-05-04'
])
def test_lines_without_object(line):
    assert parse_dota_line(line) is None


def test_line_with_and_without_difficulty():
    item = parse_dota_line('1 2.5 3 4 5 6 7 -8e0 ship 1\r')
    assert item == ([1, 2.5, 3, 4, 5, 6, 7, -8], 'ship', 1)
    assert parse_dota_line('1 2 3 4 5 6 7 8 raft').difficulty == 0


@pytest.mark.parametrize('line,message', [
    ('1 2 3 4 ship 0', 'not a number'),
    ('1 2 3 4 5 6 7', '7 fields'),
    ('1 2 3 4 5 6 7 8', '8 fields'),
    ('1 2 3 4 5 6 7 8 big ship 0', '11 fields'),
    ('1 2 x 4 5 6 7 8 ship 0', 'not a number'),
    ('1 2 nan 4 5 6 7 8 ship 0', 'not finite'),
    ('1 2 3 4 5 6 7 8 ship hard', "difficulty 'hard'"),
])
def test_malformed_line(line, message):
    with pytest.raises(ValueError, match=message):
        parse_dota_line(line)


def test_file_keeps_lines_and_names_them(tmp_path):
    path = tmp_path / 'a.txt'
    path.write_text('gsd:0.3\n\n0 0 9 0 9 4 0 4 ship 2\n')
    found = read_dota_txt(path)
    np.testing.assert_array_equal(found.quads, [[0, 0, 9, 0, 9, 4, 0, 4]])
    assert (found.names, found.lines) == (['ship'], [3])
    assert found.difficulties.tolist() == [2]
    path.write_text('gsd:0.3\n')
    assert read_dota_txt(path).quads.shape == (0, 8)
    path.write_text('gsd:0.3\n0 0 9 0 9 0 0 0 ship 2\n')
    with pytest.raises(ValueError, match=r'a\.txt, line 2: .*no area'):
        read_dota_txt(path)
