"""The model zoo: committed results, metafiles and tables in pages.

``configs/<paper>/results.json`` keeps what was measured, and
``weights/results.yml`` what published weights do. Everything else is made
from them, from the configs and from the papers' references:
``configs/<paper>/metafile.yml``, ``model-index.yml``, and in pages the table
between the two markers.
"""
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import yaml

from mmextra.utils.named_weights import sha256_of

from ..benchmark import BenchmarkTable, training_length
from ..benchmark.render import markdown_table
from ..references import (
    format_printed,
    format_value,
    load_paper,
    papers,
)
from .manifest import ManifestError, read_manifest
from .results import FORMAT, JSON_NAME, VERSION, ResultsError, read_results
from .table import COSTS, as_printed, cost_of

BEGIN = '<!-- zoo table: made by tools/update_zoo.py -->'
END = '<!-- end of the zoo table -->'
INDEX, METAFILE = 'model-index.yml', 'metafile.yml'
WEIGHTS_RESULTS = 'results.yml'
# What a row of the committed results keeps.
ROW_FIELDS = (
    'paper', 'name', 'config', 'dataset', 'split', 'synthetic', 'generator',
    'samples', 'epoch', 'iter', 'seeds', 'measured', 'spread', 'values',
    'comparisons', 'model', 'costs', 'machine')


def paper_folders(root: Path) -> List[Path]:
    """The folders of the papers' configs.

    Args:
        root (Path): The project.

    Returns:
        List[Path]: The folders, sorted.
    """
    return sorted(
        folder for folder in (root / 'configs').iterdir()
        if folder.name[0] not in '_.' and any(folder.glob('*.py')))


def committed_rows(folder: Path) -> List[Dict[str, Any]]:
    """What was measured of a paper; nothing without a file."""
    path = folder / JSON_NAME
    return read_results(path)['rows'] if path.is_file() else []


def _row_key(row: Dict[str, Any]) -> tuple:
    return row['config'], row['name'], row['dataset'], row['split']


def add_results(root: Path, results: Dict[str, Any]) -> Dict[Path, str]:
    """The committed results with those of a benchmark in them.

    Args:
        root (Path): The project.
        results (Dict[str, Any]): Of ``tools/run_benchmark.py``; rows about
            the same config, data and split replace the older ones.

    Returns:
        Dict[Path, str]: The files to write.

    Raises:
        ResultsError: If the benchmark was a quick one, or is about configs
            that are not in the project.
    """
    if results['quick']:
        raise ResultsError('results of shortened trainings (--quick) are not '
                           'for the zoo')
    files: Dict[Path, Dict[tuple, Dict[str, Any]]] = {}
    for row in results['rows']:
        if not (root / row['config']).is_file():
            raise ResultsError(f'{row["config"]} is not in {root}')
        folder = (root / row['config']).parent
        known = files.setdefault(
            folder, {_row_key(old): old for old in committed_rows(folder)})
        row = dict(row, machine=results['machine'])
        known[_row_key(row)] = {
            key: row[key] for key in ROW_FIELDS if key in row}
    return {
        folder / JSON_NAME: json.dumps(
            dict(format=FORMAT, version=VERSION,
                 rows=sorted(rows.values(), key=_row_key)),
            indent=1) + '\n'
        for folder, rows in files.items()
    }


def metafile(folder: Path) -> str:
    """The metafile of a paper, with every config as a model.

    Args:
        folder (Path): ``configs/<paper>``.

    Returns:
        str: The YAML.

    Raises:
        ManifestError: If the manifest lacks the collection.
        ResultsError: If weights lack their results.
    """
    manifest = read_manifest(folder)
    collection = dict(manifest.collection)
    if 'Name' not in collection:
        raise ManifestError(f'{folder}/benchmark.yml: collection needs a '
                            'Name')
    metadata = {key: value for key, value in collection.items()
                if key != 'Name'}
    place = f'configs/{folder.name}'
    entry = dict(Name=collection['Name'], Metadata=metadata)
    if folder.name in papers():
        paper = load_paper(folder.name)
        entry['Paper'] = dict(Title=paper.title)
        if paper.link:
            entry['Paper']['URL'] = _url(paper.link)
    entry['README'] = f'{place}/README.md'
    all_rows = committed_rows(folder)
    rows: Dict[str, List[Dict[str, Any]]] = {}
    for row in all_rows:
        rows.setdefault(row['config'], []).append(row)
    models = []
    for name in manifest.configs:
        config = f'{place}/{name}.py'
        model = {'Name': f'{folder.name}_{name}',
                 'In Collection': collection['Name'], 'Config': config}
        model.update(
            _measured(rows.get(config, []), folder.name, all_rows))
        _add_weights(model, folder.parents[1])
        models.append(model)
    text = yaml.safe_dump(
        dict(Collections=[entry], Models=models), sort_keys=False)
    return f'# Made by tools/update_zoo.py.\n{text}'


def _add_weights(model: Dict[str, Any], root: Path) -> None:
    """Name the weights of a model of a metafile, if there are any, and their
    own results in place of another training's."""
    name, folder = model['Name'], root / 'weights'
    path = folder / f'{name}.pth'
    if not path.is_file():
        return
    told = folder / WEIGHTS_RESULTS
    results = yaml.safe_load(told.read_text(encoding='utf-8')) \
        if told.is_file() else {}
    if name not in results:
        raise ResultsError(f'{path} lacks its results: add {name} to {told}')
    # One of the trainings whose mean the results are.
    metadata = model.setdefault('Metadata', {})
    metadata.pop('Seeds', None)
    metadata['SHA256'] = sha256_of(path)
    model['Results'] = results[name]
    model['Weights'] = f'weights/{path.name}'


def _url(link: str) -> str:
    prefix = 'arXiv:'
    return (f'https://arxiv.org/abs/{link[len(prefix):]}'
            if link.startswith(prefix) else link)


def _only_task(paper: str) -> Optional[str]:
    """The task of a paper's tables, if they are all about one."""
    tasks = {row.task for row in load_paper(paper).rows} \
        if paper in papers() else set()
    return tasks.pop() if len(tasks) == 1 else None


def _measured(rows: List[Dict[str, Any]], paper: str,
              all_rows: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    """Metadata and results of one model in a metafile."""
    if not rows:
        return {}
    # The rows of peers and of further data name no row of the paper; its
    # metrics are those of the rows that do.
    is_peer = not any(row['comparisons'] for row in rows)
    context = [row for row in all_rows if row['comparisons']] \
        if is_peer else []
    # The label of the table is the config's, whatever the rows' names.
    results = next(
        model['Results'] for model in BenchmarkTable(
            [dict(row, label=row['config'])
             for row in (*rows, *context)]).models()
        if model['Name'] == rows[0]['config'])
    task = _only_task(paper)
    if task and is_peer:
        for result in results:
            result['Task'] = task
    metadata = {
        'Training Data': rows[0]['dataset'],
        **training_length(rows[0]),
        'Seeds': len(rows[0]['seeds']),
        'Parameters': cost_of(rows[0], 'parameters'),
        'Multiply-adds': cost_of(rows[0], 'macs'),
    }
    return dict(
        Metadata={key: value for key, value in metadata.items()
                  if value is not None},
        Results=results)


def model_index(root: Path) -> str:
    """The project's ``model-index.yml``."""
    text = yaml.safe_dump(dict(Import=[
        f'configs/{folder.name}/{METAFILE}' for folder in paper_folders(root)
    ]))
    return f'# Made by tools/update_zoo.py.\n{text}'


def _first_number(row: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """The first comparison with the paper that was measured."""
    return next((entry for entry in row['comparisons']
                 if row['measured'].get(entry['key']) is not None), None)


def _headline(row: Dict[str, Any],
              rows: Sequence[Dict[str, Any]]) -> List[str]:
    """Metric, measured value and the paper's, of a row's first number.

    A peer's, which is compared with no row of the paper, is that of the
    paper's own rows.
    """
    own = _first_number(row)
    entry = own or next(
        (entry for entry in map(_first_number, rows)
         if entry and row['measured'].get(entry['key']) is not None), None)
    key = entry['key'] if entry else next(iter(row['measured']), '')
    unit = entry['unit'] if entry else None
    text = format_value(as_printed(row['measured'].get(key), entry), unit)
    spread = as_printed(row['spread'].get(key), entry)
    if spread is not None:
        text += f' ± {format_value(spread, unit)}'
    return [f'{entry["metric"]} [{unit}]' if entry else key, text,
            f'{format_printed(own["paper"], unit)} on '
            f'{own["paper_dataset"]}' if own else '']


def zoo_table(rows: Sequence[Dict[str, Any]], page: Path,
              root: Path) -> str:
    """The table of measured models for a page.

    Args:
        rows (Sequence[Dict[str, Any]]): Committed rows.
        page (Path): The page, for its links.
        root (Path): The project.

    Returns:
        str: Markdown, with a sentence about the machine.
    """
    if not rows:
        return 'Nothing has been measured yet.\n'
    lines = []
    for row in rows:
        target = Path(row['config'])
        link = (root / target).resolve()
        place = Path(os.path.relpath(link, page.resolve().parent)).as_posix()
        costs = [cost_of(row, cost.key) for cost in COSTS]
        lines.append([
            f'[{target.parent.name}/{target.stem}]({place})',
            row['dataset'],
            *_headline(row, [other for other in rows
                             if other['paper'] == row['paper']]),
            len(row['seeds']),
            *('n/a' if value is None else format(
                value * cost.factor, cost.digits)
              for cost, value in zip(COSTS, costs))])
    header = ('config', 'data', 'metric', 'measured', 'the paper\'s',
              'seeds', *(cost.title for cost in COSTS))
    return f'{markdown_table(header, lines)}\n{_about(rows)}\n'


def _about(rows: Sequence[Dict[str, Any]]) -> str:
    machines = dict.fromkeys(
        f'{row["machine"]["cpu"]}, {row["machine"]["cores"]} cores'
        + ''.join(f', {gpu}' for gpu in row['machine']['gpus'])
        for row in rows)
    devices = dict.fromkeys(
        f'{row["costs"]["device"]}, {row["costs"]["threads"]} thread'
        f'{"s" if row["costs"]["threads"] != 1 else ""}' for row in rows
        if 'device' in row.get('costs', {}))
    text = f'Measured by `tools/run_benchmark.py` on {"; ".join(machines)}'
    if devices:
        text += ('; times and memory of a test of one sample, and of a '
                 'training step of the config\'s batch in float32 without '
                 f'the config\'s hooks, on {"; ".join(devices)}')
    text += '.'
    if any(row['comparisons'] for row in rows):
        text += (' Numbers on synthetic or other data do not compare with '
                 'the paper\'s, which stand there as context.')
    return text


def fill_page(text: str, table: str, where: str) -> Optional[str]:
    """A page with the table between its markers.

    Args:
        text (str): The page.
        table (str): The table.
        where (str): Name of the page.

    Returns:
        str: The new page; None if it has no markers.

    Raises:
        ValueError: If it has only one of them.
    """
    if BEGIN not in text and END not in text:
        return None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f'{where}: the zoo table needs both markers, in '
                         f'this order: {BEGIN} and {END}')
    return f'{before}{BEGIN}\n\n{table}\n{END}{after}'


def generated_files(root: Path) -> Dict[Path, str]:
    """Everything that is made from the committed results.

    Args:
        root (Path): The project.

    Returns:
        Dict[Path, str]: File to content.

    Raises:
        ManifestError: If a manifest is malformed.
        ResultsError: If results are malformed.
        ValueError: If a page has only one marker.
    """
    files = {root / INDEX: model_index(root)}
    chosen = []
    for folder in paper_folders(root):
        files[folder / METAFILE] = metafile(folder)
        rows = committed_rows(folder)
        _fill(files, folder / 'README.md', rows, root)
        main = f'configs/{folder.name}/{read_manifest(folder).quick}.py'
        chosen += [row for row in rows
                   if row['config'] == main or not row['synthetic']]
    _fill(files, root / 'docs' / 'zoo.md', chosen, root)
    return files


def _fill(files: Dict[Path, str], page: Path,
          rows: Sequence[Dict[str, Any]], root: Path) -> None:
    if page.is_file():
        text = fill_page(page.read_text(encoding='utf-8'),
                         zoo_table(rows, page, root), str(page))
        if text is not None:
            files[page] = text
