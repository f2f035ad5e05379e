"""The check of a device as a page to attach to a report."""
from typing import Any, Dict, List, Optional

from ..benchmark.render import markdown_table


def _number(value: Optional[float], digits: str) -> str:
    return '' if value is None else format(value, digits)


def _verdict(row: Dict[str, Any]) -> str:
    return 'ok' if row['passed'] else row['problem'] or 'failed'


def to_markdown(report: Dict[str, Any]) -> str:
    """The page.

    Args:
        report (dict): Of :func:`check_device`.

    Returns:
        str: Markdown.
    """
    facts = ', '.join(f'{k} {v}' for k, v in report['facts'].items())
    parts: List[str] = [
        '# Check of a device: '
        f'{"passed" if report["passed"] else "FAILED"}\n', f'{facts}\n',
        '## Operations of mmcv\n',
        markdown_table(
            ('operation', 'difference to the CPU', 'result'),
            [(row['name'], _number(row['difference'], '.1e'), _verdict(row))
             for row in report['ops']]),
        '## Families, untrained, on synthetic data\n',
        markdown_table(
            ('family', 'precision', 'loss', 'CPU, fp32', 'loss scale',
             'train step ms', 'fps, one image', 'train MiB', 'test MiB',
             'result'),
            [(row['name'], row['precision'], _number(row.get('loss'), '.4g'),
              _number(row['loss_cpu'], '.4g'),
              _number(row.get('loss_scale'), 'g'),
              _number(row.get('train_ms'), '.1f'),
              _number(row.get('fps'), '.1f'),
              _number(row.get('train_peak_mib'), '.0f'),
              _number(row.get('test_peak_mib'), '.0f'), _verdict(row))
             for row in report['families']]), '## Two processes\n']
    if report['distributed']:
        parts.append(markdown_table(
            ('family', 'gradients apart', 'result'),
            [(row['name'], _number(row.get('apart'), '.1e'), _verdict(row))
             for row in report['distributed']]))
    else:
        parts.append('Not checked: there are no two GPUs.\n')
    return '\n'.join(parts)
