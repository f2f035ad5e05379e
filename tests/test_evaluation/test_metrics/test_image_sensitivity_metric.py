import numpy as np
import pytest
import torch
from mmdet.registry import METRICS
from mmdet.structures import DetDataSample

from mmextra.evaluation.functional.classification import (
    brier_score,
    confusion_matrix,
    expected_calibration_error,
    macro_f1,
    sensitivities,
)
from mmextra.evaluation.references import get_reference
from tests.helpers import worked_case

CLASSES = ('Control', 'CP', 'COVID-19')


def samples(truth, predicted, scores=None, **meta):
    found = []
    for i, (t, p) in enumerate(zip(truth, predicted)):
        sample = DetDataSample(metainfo=dict(
            img_label=int(t), img_path=f'{i}.png',
            **{k: v[i] for k, v in meta.items()}))
        sample.pred_img_label = torch.tensor([int(p)])
        sample.pred_img_scores = torch.eye(3)[int(p)] if scores is None \
            else torch.tensor(scores[i])
        found.append(sample.to_dict())
    return found


def evaluate(found, size=None, **kwargs):
    metric = METRICS.build(dict(type='ImageSensitivityMetric', **kwargs))
    metric.dataset_meta = dict(image_classes=CLASSES)
    metric.process({}, found)
    return metric.evaluate(size or len(found))


def test_six_images():
    case = worked_case('covid_ct_mask_net', 'confusion_tiny')
    metrics = evaluate(samples(case['truth'], case['pred']))
    for name, value in zip(CLASSES, case['sens']):
        assert metrics[f'img/sens_{name}'] == pytest.approx(value)
    assert metrics['img/accuracy'] == pytest.approx(
        case['accuracy'], abs=1e-6)


def test_published_confusion():
    case = worked_case('covid_ct_mask_net', 'confusion_merged')
    matrix = np.array(case['matrix'])
    assert matrix.sum() == case['total']
    assert sensitivities(matrix).tolist() == pytest.approx(
        case['sens'], abs=1e-6)
    truth, predicted = (part.ravel() for part in np.indices((3, 3)))
    truth, predicted = (np.repeat(part, matrix.ravel())
                        for part in (truth, predicted))
    assert np.array_equal(confusion_matrix(truth, predicted, 3), matrix)
    assert (truth == predicted).mean() == pytest.approx(
        case['accuracy'], abs=1e-6)
    # Precision and recall by hand
    f1 = []
    for k in range(3):
        precision = matrix[k, k] / matrix[:, k].sum()
        recall = matrix[k, k] / matrix[k].sum()
        f1.append(2 * precision * recall / (precision + recall))
    assert macro_f1(matrix) == pytest.approx(np.mean(f1))


@pytest.mark.parametrize('row, gap', [
    ('ResNet18', 0), ('ResNet18_T1', 0), ('ResNet18_T2', 0), ('ResNet34', 0),
    ('ResNet34_T1', 0), ('ResNet34_T2', 0.04), ('ResNet50_merged', 0.29),
    ('ResNet50_separate', 0)])
def test_overall_accuracies_follow_from_the_test_list(row, gap):
    """Two rows of Table 3 contradict themselves."""
    images = worked_case(
        'covid_ct_mask_net', 'split_facts')['covidx_v1']['test']
    values = {
        key: entry.value for key, entry in get_reference(
            f'covid_ct_mask_net/table3/{row}/COVIDx-CT').values.items()}
    overall = np.average(
        [values[key] for key in ('Normal', 'Pneumonia', 'COVID-19')],
        weights=images)
    assert values['Overall'] - overall == pytest.approx(gap, abs=0.011)


def test_a_class_without_images_has_no_sensitivity():
    metrics = evaluate(samples([0, 0], [0, 2]))
    assert np.isnan(metrics['img/sens_CP'])
    assert metrics['img/sens_Control'] == 0.5
    with pytest.raises(ValueError, match='class 3'):
        confusion_matrix(np.array([0]), np.array([3]), 3)


def test_calibration():
    # Confidences .6 (hit), .65 (miss) and .9 (hit) in bins of a third and
    # of a tenth
    scores = np.array([[.6, .4, 0], [.65, .35, 0], [0, .1, .9]])
    truth = np.array([0, 1, 2])
    assert expected_calibration_error(scores, truth, 3) == pytest.approx(
        (abs(.6 + .65 - 1) + abs(.9 - 1)) / 3)
    assert expected_calibration_error(scores, truth, 10) == pytest.approx(
        (abs(.6 - 1) + .65 + abs(.9 - 1)) / 3)
    # A bin holds its upper end: .5 and 1 are in one bin each of two.
    edge = np.array([[.5, .5, 0.], [1., 0, 0]])
    assert expected_calibration_error(edge, np.array([0, 0]), 2) == 0.25
    assert brier_score(scores, truth) == pytest.approx(
        (.16 + .16 + .65**2 * 2 + .01 + .01) / 3)
    metrics = evaluate(samples(truth, [0, 0, 2], scores.tolist()),
                       calibration_bins=3)
    assert metrics['img/ece'] == pytest.approx(.35 / 3, abs=1e-6)
    assert metrics['img/brier'] == pytest.approx(
        brier_score(scores, truth), abs=1e-6)


def test_groups():
    scores = [[.9, .1, 0], [.4, .6, 0], [.4, .6, 0.], [.1, .2, .7]]
    found = samples([0, 0, 1, 2], [0, 1, 1, 2], scores,
                    patient_id=['a', 'a', 'b', 'c'],
                    scan_id=['1', '2', '3', '4'])
    metrics = evaluate(found, group_by='patient_id')
    assert metrics['img/patient_accuracy'] == 1
    assert metrics['img/accuracy'] == 0.75
    assert evaluate(found, group_by='scan_id')['img/scan_accuracy'] == 0.75
    mixed = samples([0, 1], [0, 1], patient_id=['a', 'a'])
    with pytest.raises(ValueError, match='patient_id a'):
        evaluate(mixed, group_by='patient_id')
    for nameless in ({}, dict(patient_id=[''])):
        with pytest.raises(KeyError, match='0.png has no patient_id'):
            evaluate(samples([0], [0], **nameless), group_by='patient_id')


def test_surplus_samples_and_wrong_options():
    found = samples([0, 1], [0, 2])
    assert evaluate(found + found[:1], size=2)['img/accuracy'] == 0.5
    for wrong in (dict(group_by='slice_id'), dict(calibration_bins=0)):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            evaluate(found, **wrong)
    metric = METRICS.build(dict(type='ImageSensitivityMetric'))
    metric.dataset_meta = dict(classes=('lesion', ))
    metric.process({}, found)
    with pytest.raises(KeyError, match='image_classes'):
        metric.evaluate(2)
