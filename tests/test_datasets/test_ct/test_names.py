import pytest

from mmextra.datasets.ct import parse_ct_name, parse_slice_name
from mmextra.datasets.ct.names import listed_name, patient_of


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


# A name of every source in the releases 1 to 3, and the patient that
# COVIDx-CT's metadata counts.
RELEASED = [
    ('NCP_341_1834_0022.png', 'classified 341'),
    ('2_341_1834_0023.png', 'classified 341'),
    ('COVIDCTMD-P001-IM0027.png', 'COVIDCTMD-P001'),
    ('COVIDCTMD-cap001-IM0049.png', 'COVIDCTMD-cap001'),
    ('COVIDCTMD-normal001-IM0001.png', 'COVIDCTMD-normal001'),
    ('137covid_patient76_SR_2_IM00014.png', 'patient76'),
    ('normal1_patient202_SR_2_IM00007.png', 'patient202'),
    ('normal4_patient202_SR_3_IM00009.png', 'patient202'),
    ('cdnormal4_patient146_SR_2_IM00006.png', 'patient146'),
    ('volume-covid19-A-0383_1_ct-0018.png', 'volume-covid19-A-0383'),
    ('volume-covid19-A-0383_ct-0018.png', 'volume-covid19-A-0383'),
    ('volume-covid19-A-0003-0114.png', 'volume-covid19-A-0003'),
    ('LIDC-IDRI-0236-1.3.6.1.4.1.14519.5.2-0039.png', 'LIDC-IDRI-0236'),
    ('coronacases_007-0078.png', 'coronacases_007'),
    ('coronacases_007_78.png', 'coronacases_007'),
    ('radiopaedia_36_86526_0-0000.png', 'radiopaedia_36_86526'),
    ('radiopaedia-74560-85486-1-0018.png', 'radiopaedia-74560'),
    # One study under the numbers of two sources.
    ('radiopaedia_4_85506_1-0004.png', 'radiopaedia-74576'),
    ('radiopaedia-74576-85506-0-0009.png', 'radiopaedia-74576'),
    ('HUST-Patient27-0101.png', 'HUST-Patient27'),
    ('HUST-Patient27_101.png', 'HUST-Patient27'),
    ('STOIC-10011-0103.png', 'STOIC-10011'),
    ('study_0306-0017.png', 'study_0306'),
    ('A002304-01-10-1901-NA-CT-ABD-76655-2-0001.png', 'A002304'),
    ('0_115.jpg', 'segmented 0'), ('7/12.png', 'segmented 7')]


@pytest.mark.parametrize('name, patient', RELEASED)
def test_patients_of_all_releases(name, patient):
    assert patient_of(name, 'x') == patient
    folders = f'some/folder/{name}' if '/' not in name else name
    assert patient_of(folders.replace('.png', '.PNG'), 'x') == patient


@pytest.mark.parametrize('name', [
    'P7_scan1_003.png', '1_scan_of_2020.png', 'picture.png', 'covid_000.jpg',
    'coronacases.png', 'patient7_3.png', 'volume-covid19-A-x_1.png'])
def test_of_other_names_nothing_is_guessed(name):
    with pytest.raises(ValueError, match='list.txt: .*tells no patient'):
        patient_of(name, 'list.txt')
