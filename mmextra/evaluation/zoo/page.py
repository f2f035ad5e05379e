"""The page of a benchmark: Markdown, CSV, HTML and plots."""
import base64
import html
from pathlib import Path
from typing import Any, Dict, List, Tuple

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..benchmark import draw_bars, write_atomic
from ..benchmark.plot import MEASURED_COLOR
from .engine import BLOCKED
from .run_stage import FAILED
from .table import ZooTable, cost_of, to_csv

NAME = 'benchmark'
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px;
       margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; font-size: 13px; margin: 1em 0; }
th, td { padding: .3em .6em; border-bottom: 1px solid #ddd;
         text-align: right; }
th:nth-child(-n+4), td:nth-child(-n+4) { text-align: left; }
tr.paper { color: #777; }
img { max-width: 100%; }
"""


def by_paper(results: Dict[str, Any]) -> Dict[str, List[Dict[str, Any]]]:
    """The rows of results, by paper."""
    papers: Dict[str, List[Dict[str, Any]]] = {}
    for row in results['rows']:
        papers.setdefault(row['paper'], []).append(row)
    return papers


def draw_accuracy_over_latency(table: ZooTable, path: Path) -> bool:
    """Draw the first column over the latency, a point for every model.

    Args:
        table (ZooTable): The table.
        path (Path): The picture to write.

    Returns:
        bool: Whether there was anything to draw.
    """
    if not table.table.columns:
        return False
    column = table.table.columns[0]
    points = [(cost_of(r.run, 'latency_ms'), r.values.get(column.key), r)
              for r in table.records if r.run]
    points = [point for point in points if None not in point[:2]]
    if not points:
        return False
    figure = Figure(figsize=(7, 4.5), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for latency, value, record in points:
        axes.errorbar(latency, value, yerr=record.spreads.get(column.key),
                      fmt='o', color=MEASURED_COLOR, capsize=3)
        axes.annotate(f'{record.method}, {record.dataset}',
                      (latency, value), xytext=(5, 4),
                      textcoords='offset points', fontsize=7)
    axes.set_xlabel(f'latency [ms per sample, {_device(table.rows)}]')
    axes.set_ylabel(column.title + (f' [{column.unit}]'
                                    if column.unit else ''))
    axes.margins(x=0.25, y=0.2)
    axes.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    return True


def _device(rows: List[Dict[str, Any]]) -> str:
    found = dict.fromkeys(
        f'{costs["device"]}, {costs["threads"]} threads' for costs in
        (row.get('costs') or {} for row in rows) if 'device' in costs)
    return ' and '.join(found) or 'not measured'


def _conditions(results: Dict[str, Any]) -> List[str]:
    machine = results['machine']
    versions = ', '.join(
        f'{name} {number}' for name, number in machine['versions'].items())
    lines = [f'Machine: {machine["cpu"]}, {machine["cores"]} cores, '
             f'GPUs: {", ".join(machine["gpus"]) or "none"}; {versions}.']
    if results['quick']:
        lines.insert(0, 'Shortened trainings (--quick): the numbers show '
                     'that everything runs, not how good a model is.')
    if any(row['synthetic'] for row in results['rows']):
        lines.append('Results on synthetic data do not compare with the '
                     "papers' numbers, which are shown as context.")
    lines.append('A ± is the sample standard deviation over the seeds. '
                 'Times: the models of a paper take turns on the first '
                 'training batch and the first test sample of their data, '
                 f'{_device(results["rows"])}; memory is the peak of a '
                 'test step beyond the weights.')
    return lines


def _failures(results: Dict[str, Any]) -> List[str]:
    lines = [f'{stage["key"]}: {stage["state"]}: {stage["reason"]}'
             for stage in results['stages']
             if stage['state'] in (FAILED, BLOCKED)]
    lines += results['problems']
    for row in results['rows']:
        lines += [f'{row["config"]}: {text}' for text in
                  (row.get('costs') or {}).get('problems', [])]
    return lines


def _html_table(table: ZooTable) -> str:
    lines = ['<table><tr>', *(f'<th>{html.escape(title)}</th>'
                              for title in table.header), '</tr>']
    for record in table.records:
        cells = ''.join(f'<td>{html.escape(cell)}</td>'
                        for cell in table.cells(record))
        lines.append(f'<tr class="{record.kind}">{cells}</tr>')
    return ''.join([*lines, '</table>'])


def _draw(table: ZooTable, paper: str, out: Path) -> List[Tuple[str, Path]]:
    pictures = []
    bars = out / f'{paper}_bars.png'
    try:
        draw_bars(table.table, bars)
        pictures.append((f'{paper}: accuracy', bars))
    except ValueError:
        # No row has a value of the first column.
        pass
    scatter = out / f'{paper}_latency.png'
    if draw_accuracy_over_latency(table, scatter):
        pictures.append((f'{paper}: accuracy over latency', scatter))
    return pictures


def write_page(out: Path, results: Dict[str, Any]) -> List[Path]:
    """Write ``benchmark.md``, ``.csv`` and ``.html`` and the plots.

    Args:
        out (Path): The folder.
        results (Dict[str, Any]): See :func:`collect`.

    Returns:
        List[Path]: The three documents.
    """
    papers = by_paper(results)
    markdown = ['# Benchmark\n', *(f'{line}\n'
                                   for line in _conditions(results))]
    page = ['<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            f'<title>Benchmark</title><style>{STYLE}</style></head><body>'
            '<h1>Benchmark</h1>',
            *(f'<p>{html.escape(line)}</p>'
              for line in _conditions(results))]
    for paper, rows in papers.items():
        table = ZooTable(rows)
        markdown += [f'## {paper}\n', table.to_markdown()]
        page += [f'<h2>{html.escape(paper)}</h2>', _html_table(table)]
        for title, path in _draw(table, paper, out):
            markdown.append(f'![{title}]({path.name})\n')
            data = base64.b64encode(path.read_bytes()).decode()
            page.append(f'<p><img alt="{html.escape(title)}" '
                        f'src="data:image/png;base64,{data}"></p>')
    for report in results['reports']:
        title = f'{report["paper"]}: {report["name"]}'
        markdown.append(f'## {title}\n\n````text\n{report["text"]}````\n')
        page.append(f'<h2>{html.escape(title)}</h2>'
                    f'<pre>{html.escape(report["text"])}</pre>')
    failures = _failures(results)
    if failures:
        markdown += ['## What failed\n',
                     ''.join(f'- {line}\n' for line in failures)]
        items = ''.join(f'<li>{html.escape(line)}</li>' for line in failures)
        page += ['<h2>What failed</h2>', f'<ul>{items}</ul>']
    documents = {'.md': '\n'.join(markdown), '.csv': to_csv(papers),
                 '.html': '\n'.join([*page, '</body></html>\n'])}
    for suffix, text in documents.items():
        write_atomic(out / f'{NAME}{suffix}', text)
    return [out / f'{NAME}{suffix}' for suffix in documents]
