import pytest

from mmextra.datasets.ct import parse_ct_name, parse_slice_name
from mmextra.datasets.ct.names import listed_name


@pytest.mark.parametrize('name, parts', [
    ('NCP_96_1328_0032.png', (2, '96', '1328', '0032')),
    ('CP_1085_3162_0010.png', (1, '1085', '3162', '0010')),
    ('Normal_7_12_0001', (0, '7', '12', '0001')),
    ('2_96_1328_0032.png', (2, '96', '1328', '0032')),
    ('images/0_3_4_5.jpg', (0, '3', '4', '5'))])
def test_classified_slices(name, parts):
    assert parse_ct_name(name) == parts


def test_both_forms_are_one_image():
    parsed = parse_ct_name('NCP_96_1328_0032.png')
    assert listed_name(parsed) == '2_96_1328_0032'
    assert parse_ct_name(listed_name(parsed)) == parsed


@pytest.mark.parametrize('name', [
    'covid_000.jpg', '3_1_2_3.png', 'NCP_96_0032.png', 'XNCP_1_2_3.png', ''])
def test_other_names(name):
    assert parse_ct_name(name) is None


@pytest.mark.parametrize('name, parts', [
    ('0_115.jpg', ('0', '115')), ('0_115', ('0', '115')),
    ('7/12', ('7', '12')), ('a_b_3.png', ('a_b', '3')), ('17.jpg',
                                                         ('', '17'))])
def test_slices_with_masks(name, parts):
    assert parse_slice_name(name) == parts
