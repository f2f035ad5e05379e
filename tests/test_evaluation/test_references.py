"""The papers' numbers: complete, as printed, and read strictly."""
import pytest

from mmextra.evaluation.references import (
    get_reference,
    load_paper,
    papers,
    read_paper,
    table_rows,
)

# paper -> table -> (rows, numbers), counted in the papers.
COUNTS = {
    'larsd': {'1': (12, 12), '2': (10, 10), '3': (10, 10), '4': (8, 8)},
    'lcb_yolov5': {
        '1': (1, 5), '2': (3, 12), '3': (6, 36), '4': (6, 36), '6': (7, 13)},
    'gcn_fsod': {
        # Nine full rows of 12, four TFA rows and Attention RPN with 3; the
        # 10-shot half has one method more.
        '1': (15, 10 * 12 + 5 * 3), '2': (3, 15), '3': (4, 20),
        'text': (2, 2)},
    'feature_forecast': {'1': (4, 8), '2': (4, 16), 'text': (3, 6)},
    # Table 1: 7 segmentation rows of 3, 8 classifier rows and COVNet of 6,
    # and one row whose training and validation cells are merged.
    'covid_ct_mask_net': {
        '1': (17, 7 * 3 + 9 * 6 + 5), '2': (8, 32), '3': (8, 40)},
}

SMALL = """
paper: toy
title: A toy
authors: Nobody
link: null
datasets:
  Ponds: {task: Object Detection, samples: 3}
tables:
  '1':
    caption: Results
    metrics:
      AP: {unit: percent, metric_key: AP50, measured_unit: fraction}
    rows:
      - {row: A, dataset: Ponds, ours: true, values: {AP: 50.0}}
"""


def value(reference: str, metric: str) -> float:
    return get_reference(reference).values[metric].value


def test_all_papers_are_there():
    assert papers() == sorted(COUNTS)


@pytest.mark.parametrize('paper', sorted(COUNTS))
def test_every_row_and_number_of_every_table(paper):
    counts = {
        key: (len(rows), sum(len(row.values) for row in rows))
        for key, rows in load_paper(paper).tables.items()
    }
    assert counts == COUNTS[paper]


@pytest.mark.parametrize('reference, metric, printed', [
    ('larsd/table1/R-DFPN/HRSD', 'AP', 80.2),
    ('larsd/table2/LARSD-4/HRSC2016', 'AP', 87.3),
    ('larsd/table3/LARSD-6/HRSD', 'AP', 78.0),
    ('larsd/table4/LARSD-11/HRSC2016', 'AP', 90.3),
    ('lcb_yolov5/table1/Configuration/settings', 'Momentum', 0.973),
    ('lcb_yolov5/table2/details/DIOR', 'Validation set', 5863),
    ('lcb_yolov5/table3/YOLOv7/VisDrone2019', 'Pedestrian', 0.34),
    ('lcb_yolov5/table4/YOLOv3-SPP/DIOR-VAS', 'R', 83.9),
    ('lcb_yolov5/table6/IM2/VisDrone2019', 'mAP', 42.3),
    ('gcn_fsod/table1/10-shot_Meta_R-CNN/COCO', 'AR_S', 7.8),
    ('gcn_fsod/table1/30-shot_GCN-FSOD/COCO', 'AR_L', 51.6),
    ('gcn_fsod/table2/global_kernel/COCO', 'R10', 24.8),
    ('gcn_fsod/table3/C_g+C_l+R_s/COCO', 'AP75', 12.2),
    ('feature_forecast/table1/Zhu/ImageNet-VID', 'FPS', 13),
    ('feature_forecast/table2/wo_forecast/ImageNet-VID', 'Fast', 44.5),
    ('feature_forecast/text/Ours/ImageNet-VID', 'FPS', 38.9),
    ('covid_ct_mask_net/table1/seg_ResNet18_T2/CNCB', 'Total parameters',
     4.02),
    ('covid_ct_mask_net/table2/ResNet34_T1/CNCB', 'mAP', 0.4476),
    ('covid_ct_mask_net/table3/ResNet50_merged/COVIDx-CT', 'Overall', 96.63),
])
def test_printed_numbers(reference, metric, printed):
    assert value(reference, metric) == printed


def test_gains_that_larsd_states_in_section_3d():
    """4.5, 4 and 2.2 AP through anchors, on HRSD."""
    for with_anchors, without, gain in (
            ('table4/LARSD-9', 'table4/Baseline', 4.5),
            ('table4/LARSD-10', 'table3/LARSD-7', 4.0),
            ('table4/LARSD-11', 'table3/LARSD-8', 2.2)):
        assert value(f'larsd/{with_anchors}/HRSD', 'AP') - value(
            f'larsd/{without}/HRSD', 'AP') == pytest.approx(gain)


def test_gains_that_lcb_yolov5_states_in_section_3_3():
    gains = dict(
        mAP=[17.4, 19.7, 22, 22.5, 21.7],
        P=[14, 20.5, 15.7, 13.7, 16.7],
        R=[15.2, 16.2, 19.9, 21.6, 16.4])
    *others, ours = table_rows('lcb_yolov5', '3')
    for metric, expected in gains.items():
        measured = [ours.values[metric].value - row.values[metric].value
                    for row in others]
        assert measured == pytest.approx(expected)


def test_overall_accuracy_follows_from_the_sensitivities():
    """Table 3 of COVID-CT-Mask-Net, 9450 / 7395 / 4346 test images."""
    off = []
    for row in table_rows('covid_ct_mask_net', '3'):
        v = {name: each.value for name, each in row.values.items()}
        overall = (9450 * v['Normal'] + 7395 * v['Pneumonia'] +
                   4346 * v['COVID-19']) / 21191
        if abs(overall - v['Overall']) > 0.015:
            off.append(row.row)
            assert row.note
    assert off == ['ResNet34_T2', 'ResNet50_merged']


def test_misprints_carry_a_note():
    for reference, text in (
            ('larsd/table1/LARSD-11/HRSD', 'LAFCR-11'),
            ('larsd/table2/LARSD-1/HRSD', 'RSSD'),
            ('lcb_yolov5/table1/Configuration/settings', '0.937'),
            ('lcb_yolov5/table6/IM2/VisDrone2019', '32.3'),
            ('covid_ct_mask_net/table2/ResNet18_T1/CNCB', '0.4269'),
            ('covid_ct_mask_net/table3/ResNet50_merged/COVIDx-CT', '96.33')):
        assert text in get_reference(reference).note


def test_a_reference_says_where_it_is_from():
    row = get_reference('larsd/table4/LARSD-11/HRSC2016')
    assert row.source == 'larsd, Table IV'
    assert row.ours and row.samples == 444
    assert row.values['AP'].metric_key == 'voc07/AP50'
    assert row.values['AP'].measured_unit == 'fraction'
    assert not get_reference('larsd/table1/RRD/HRSD').ours


def test_own_models_are_told_from_compared_methods():
    ours = {row.row for row in load_paper('larsd').rows if row.ours}
    assert ours == {'Baseline', *(f'LARSD-{i}' for i in range(1, 12))}
    assert [row.row for row in table_rows('gcn_fsod', '1') if row.ours] == [
        '10-shot_GCN-FSOD', '30-shot_GCN-FSOD']


def test_unknown_id_names_the_closest_and_the_legal_ones():
    with pytest.raises(ValueError) as caught:
        get_reference('larsd/table4/LARSD11/HRSC2016')
    text = str(caught.value)
    assert "did you mean 'larsd/table4/LARSD-11/HRSC2016'" in text
    assert 'larsd/table1/R2CNN/HRSD' in text


def test_unknown_paper_and_table():
    with pytest.raises(ValueError, match="paper must be one of 'covid_ct_"
                       "mask_net', .*did you mean 'larsd'"):
        get_reference('lards/table4/LARSD-11/HRSD')
    with pytest.raises(ValueError, match="table of larsd must be one of "
                       "'1', '2', '3'.* got '9'"):
        table_rows('larsd', '9')


def test_a_well_formed_file_is_read(tmp_path):
    path = tmp_path / 'toy.yml'
    path.write_text(SMALL)
    assert [row.id for row in read_paper(path).rows] == ['toy/table1/A/Ponds']


@pytest.mark.parametrize('old, new, message', [
    ('paper: toy', 'paper: other', 'must equal the name of the file'),
    ('title: A toy\n', '', "field 'title' is missing"),
    ('title: A toy', 'title: A toy\ntitle: B', "'title' is given twice"),
    ('unit: percent', 'unit: per cent',
     "unit must be .* got 'per cent'.*'percent'"),
    ('unit: percent', 'unit: fps', 'fraction cannot be converted to fps'),
    (', measured_unit: fraction', '', 'go together'),
    (', ours: true', '', r"row 1: field 'ours' is missing"),
    ('ours: true', 'ours: maybe', 'ours must be true or false'),
    ('dataset: Ponds', 'dataset: Lakes',
     "dataset must be one of 'Ponds', got 'Lakes'"),
    ('{AP: 50.0}', '{AR: 50.0}', "metric must be one of 'AP', got 'AR'"),
    ('{AP: 50.0}', '{AP: good}', 'must be a finite number'),
    ('{AP: 50.0}', '{AP: .nan}', 'must be a finite number'),
    ('{AP: 50.0}', '{}', 'at least one number'),
    ('row: A,', 'row: A B,', 'cannot stand in an id'),
    ('row: A,', 'row: A, colour: red,', "unknown field 'colour'"),
    ("'1':", '1:', 'write the key in quotes'),
    ('{task: Object Detection, samples: 3}', '{samples: 3}',
     "dataset Ponds: field 'task'"),
    ('title: A toy', 'title: [', 'not valid YAML'),
])
def test_malformed_files_are_refused(tmp_path, old, new, message):
    assert SMALL.count(old) == 1
    path = tmp_path / 'toy.yml'
    path.write_text(SMALL.replace(old, new))
    with pytest.raises(ValueError, match=message) as caught:
        read_paper(path)
    assert 'toy.yml' in str(caught.value)


def test_an_id_given_twice_is_refused(tmp_path):
    path = tmp_path / 'toy.yml'
    line = SMALL.splitlines()[-1]
    path.write_text(SMALL + line + '\n')
    with pytest.raises(ValueError, match='toy/table1/A/Ponds is given twice'):
        read_paper(path)
