"""Accuracy of an image classifier over all folds, with intervals by group.

Research only, not a medical device. The test images of all folds are taken
together; the intervals (95 %) come from drawing groups again, 1,000 times, for
images of one slice or patient are alike.

Example:
    python tools/test.py CONFIG_OF_FOLD_0 CHECKPOINT --out fold0.pkl
    python tools/analysis_tools/pool_folds.py fold?.pkl --classes lung lesions
"""
from pathlib import Path
from typing import Dict, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.evaluation.functional.pooled_folds import (
    Statistic,
    accuracy,
    group_interval,
    read_folds,
    roc_auc,
    sensitivity,
)
from mmextra.utils.command_line import (
    add_json_output,
    one_line_errors,
    print_table,
    save_rows,
    tool_parser,
)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('results', type=Path, nargs='+',
                        help='of tools/test.py --out, one of each fold')
    parser.add_argument('--classes', nargs='+', help='names, in their order')
    parser.add_argument('--group-by', default='img_path',
                        help='key of the samples: img_path (the windows of a '
                        'slice), patient_id or scan_id')
    add_json_output(parser)
    args = parser.parse_args(argv)
    with one_line_errors(parser):
        images = read_folds(args.results, args.group_by)
        count = images.scores.shape[1]
        names = args.classes or [f'class {label}' for label in range(count)]
        if len(names) != count:
            raise ValueError(f'--classes names {len(names)} classes, '
                             f'{args.results[0]} has {count}')
    measures: Dict[str, Statistic] = {'accuracy': accuracy}
    for label, name in enumerate(names):
        measures[f'sensitivity, {name}'] = sensitivity(label)
        measures[f'AUC, {name}'] = roc_auc(label)
    rows = {name: group_interval(images, measure)
            for name, measure in measures.items()}
    largest = max((images.truth == label).mean() for label in range(count))
    print_table(['measure', 'value', '95 %'],
                [[name, f'{row["value"]:.3f}',
                  f'{row["low"]:.3f} to {row["high"]:.3f}']
                 for name, row in rows.items()],
                title=f'{len(images.truth)} images, {images.num_groups} '
                f'groups; the largest class has {largest:.3f}')
    save_rows(args.out, rows)


if __name__ == '__main__':
    main()
