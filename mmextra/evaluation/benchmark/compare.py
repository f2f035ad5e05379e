"""Set measured numbers beside the numbers that a paper prints."""
import re
from typing import Any, Dict, List, Mapping, Optional

from ..references import Reference, convert_unit
from .facts import DatasetFacts


def _plain(name: str) -> str:
    return re.sub(r'[^a-z0-9]', '', name.lower())


def same_dataset(name: str, reference: Reference) -> bool:
    """Whether a dataset's name is that of a reference, or an alias.

    Args:
        name (str): The name; case and punctuation do not matter.
        reference (Reference): The paper's row.

    Returns:
        bool: Whether the two name the same dataset.
    """
    return _plain(name) in map(_plain, reference.dataset_names)


def other_data(facts: DatasetFacts, reference: Reference) -> Optional[str]:
    """Why a result must not be subtracted from a paper's number.

    Args:
        facts (DatasetFacts): The data behind the result.
        reference (Reference): The paper's row.

    Returns:
        str: The reason, or None if the data is that of the paper.
    """
    if facts.synthetic:
        return f'synthetic data, the paper uses {reference.dataset}'
    if not same_dataset(facts.name, reference):
        return f'other data, the paper uses {reference.dataset}'
    if not facts.declared and facts.samples != reference.samples:
        # The class alone does not tell the benchmark from somebody's own
        # images in the same format.
        return (f'{facts.samples} samples and no declared dataset, the '
                f'paper tests on {reference.samples} of '
                f'{reference.dataset}; give dataset= to BenchmarkHook')
    return None


def _measure(measured: Mapping[str, Optional[float]], key: Optional[str],
             unit: Optional[str], target: str):
    """A measured value in the paper's unit, and why there is none."""
    if key is None:
        return None, 'no evaluator reports this'
    if key not in measured:
        return None, f'{key} was not evaluated'
    value = measured[key]
    if value is None:
        return None, f'{key} is not a number'
    if unit in ('fraction', 'percent'):
        limit = convert_unit(1, 'fraction', unit)
        # Also catches the -1 that COCO gives where there is no object.
        if not -1e-6 * limit <= value <= (1 + 1e-6) * limit:
            return None, f'{key} is {value:g}, which is no {unit}'
    return round(convert_unit(value, unit, target), 6), None


def compare(measured: Mapping[str, Optional[float]], reference: Reference,
            facts: DatasetFacts) -> List[Dict[str, Any]]:
    """Set a run's metrics beside one row of a paper.

    Args:
        measured (Mapping[str, float]): Metric key to value, as the
            evaluators report it; None where it is not a number.
        reference (Reference): The paper's row.
        facts (DatasetFacts): The data behind the run.

    Returns:
        List[Dict[str, Any]]: One entry per number of the row: ``metric``
        (the paper's column), ``key``, ``unit``, ``measured`` (in that unit),
        ``paper``, ``difference`` (measured minus paper), ``reference``,
        ``source``, ``method``, ``paper_dataset``, ``comparable`` (whether
        the data is that of the paper), ``reason`` (why a value is None) and
        ``note``. The difference is None unless both numbers are about the
        same data.
    """
    apart = other_data(facts, reference)
    size = ''
    if apart is None and None not in (facts.samples, reference.samples) \
            and facts.samples != reference.samples:
        # Another split, a subset, or tiles: the reader must know.
        size = (f'{facts.samples} samples of split {facts.split}; '
                f'the paper tests on {reference.samples} images or videos.')
    entries = []
    for metric, printed in reference.values.items():
        value, missing = _measure(measured, printed.metric_key,
                                  printed.measured_unit, printed.unit)
        difference = None
        if value is not None and apart is None:
            difference = round(value - printed.value, 6)
        entries.append(
            dict(
                metric=metric,
                key=printed.metric_key,
                unit=printed.unit,
                measured=value,
                paper=printed.value,
                difference=difference,
                reference=reference.id,
                source=reference.source,
                method=reference.label,
                paper_dataset=reference.dataset,
                comparable=apart is None,
                reason=missing or apart,
                note=' '.join(
                    note for note in (size, printed.note, reference.note)
                    if note)))
    return entries
