"""Confusion, sensitivity and calibration of classified images."""
import numpy as np
from scipy.stats import rankdata


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray,
                     num_classes: int) -> np.ndarray:
    """Count the pairs of truth and prediction.

    Args:
        truth (np.ndarray): (N, ) classes.
        predicted (np.ndarray): (N, ) classes.
        num_classes (int): Number C of classes.

    Returns:
        np.ndarray: (C, C) int64; the row is the truth.

    Raises:
        ValueError: If a class is not below C.
    """
    pairs = np.stack([truth, predicted]).astype(np.int64)
    wrong = pairs[(pairs < 0) | (pairs >= num_classes)]
    if len(wrong):
        raise ValueError(
            f'class {wrong[0]} is none of the {num_classes} classes')
    matrix = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(matrix, tuple(pairs), 1)
    return matrix


def sensitivities(matrix: np.ndarray) -> np.ndarray:
    """Share of each class that was recognised.

    Args:
        matrix (np.ndarray): (C, C) confusion, the row is the truth.

    Returns:
        np.ndarray: (C, ) float64; NaN for a class without images. That of
        the control class is the true negative rate.
    """
    counts = matrix.sum(axis=1)
    return np.divide(matrix.diagonal(), counts,
                     out=np.full(len(matrix), np.nan), where=counts > 0)


def macro_f1(matrix: np.ndarray) -> float:
    """Mean F1 of the classes that occur in truth or predictions."""
    support = matrix.sum(axis=0) + matrix.sum(axis=1)
    present = support > 0
    if not present.any():
        return float('nan')
    return float((2 * matrix.diagonal()[present] / support[present]).mean())


def expected_calibration_error(scores: np.ndarray, truth: np.ndarray,
                               num_bins: int = 15) -> float:
    """How far the confidence of predictions is from their accuracy.

    The confidence, the largest score, is put into bins of equal width that
    include their upper end; the absolute differences of mean confidence and
    accuracy are averaged with the bins' shares of the images.

    Args:
        scores (np.ndarray): (N, C) scores that add up to 1.
        truth (np.ndarray): (N, ) classes.
        num_bins (int): Number of bins.

    Returns:
        float: 0 to 1; NaN without images.
    """
    if not len(truth):
        return float('nan')
    confidence = scores.max(axis=1)
    hits = scores.argmax(axis=1) == truth
    ends = np.linspace(0, 1, num_bins + 1)[1:-1]
    gaps = np.zeros(num_bins)
    np.add.at(gaps, np.searchsorted(ends, confidence), confidence - hits)
    return float(np.abs(gaps).sum() / len(truth))


def brier_score(scores: np.ndarray, truth: np.ndarray) -> float:
    """Mean over images of the squared distance to the one-hot truth.

    Args:
        scores (np.ndarray): (N, C) scores.
        truth (np.ndarray): (N, ) classes.

    Returns:
        float: 0 to 2; NaN without images.
    """
    if not len(truth):
        return float('nan')
    target = np.eye(scores.shape[1])[truth]
    return float(((scores - target)**2).sum(axis=1).mean())


def roc_area(scores: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve.

    The share of pairs of a positive and a negative in which the first has
    the higher score; equal scores count half.

    Args:
        scores (np.ndarray): (N,).
        positive (np.ndarray): (N,) bool.

    Returns:
        float: NaN without positives or without negatives.
    """
    number = positive.sum()
    if not 0 < number < len(positive):
        return float('nan')
    # Less those among themselves.
    pairs = rankdata(scores)[positive].sum() - number * (number + 1) / 2
    return float(pairs / number / (len(positive) - number))
