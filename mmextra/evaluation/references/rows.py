"""What one printed number, one row and one paper of references hold."""
from dataclasses import dataclass, field
from typing import Any, List, Mapping, Optional, Tuple


@dataclass(frozen=True)
class ReferenceValue:
    """One printed number.

    Attributes:
        value: The number as printed.
        unit: Its unit, a key of ``UNITS``.
        metric_key: The evaluator's name for it; None if nothing reports it.
        measured_unit: The unit in which the evaluator reports it.
        note: What to know about the column.
    """
    value: float
    unit: str
    metric_key: Optional[str] = None
    measured_unit: Optional[str] = None
    note: str = ''


@dataclass(frozen=True)
class Reference:
    """One row of a paper's table on one dataset.

    Attributes:
        id: ``<paper>/table<key>/<row>/<dataset>``.
        paper: Key of the paper.
        table: Key of the table.
        source: The place as printed, for example ``'larsd, Table IV'``.
        row: The row's part of the id.
        label: The row's name as printed.
        dataset: Name of the dataset.
        dataset_names: The dataset's name and aliases.
        samples: Size of the split that the paper tests on, if known.
        task: The task's name, as OpenMMLab metafiles write it.
        ours: Whether the row is a model of the paper itself.
        values: Column name to number.
        settings: The row's columns that describe and do not measure.
        note: What to know about the row and its table.
    """
    id: str
    paper: str
    table: str
    source: str
    row: str
    label: str
    dataset: str
    dataset_names: Tuple[str, ...]
    samples: Optional[int]
    task: str
    ours: bool
    values: Mapping[str, ReferenceValue]
    settings: Mapping[str, Any] = field(default_factory=dict)
    note: str = ''


@dataclass(frozen=True)
class Paper:
    """One paper's numbers.

    Attributes:
        key: The paper's key, its file's name.
        title: The paper's title.
        authors: The authors.
        link: arXiv number or the like; None if the text gives none.
        tables: Table key to its rows.
        captions: Table key to the table's caption.
    """
    key: str
    title: str
    authors: str
    link: Optional[str]
    tables: Mapping[str, Tuple[Reference, ...]]
    captions: Mapping[str, str]

    @property
    def rows(self) -> List[Reference]:
        """All rows, in the order of the file."""
        return [row for rows in self.tables.values() for row in rows]
