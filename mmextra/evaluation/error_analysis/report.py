"""The analysis of a detector as a page with pictures."""
import html
import json
import math
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from mmextra.structures import box_corners
from mmextra.utils.files import write_atomic
from mmextra.visualization import draw_boxes, enlarge, enlargement

from .breakdown import (
    ANGLES,
    PROPORTIONS,
    SIZES,
    ClassCurve,
    angles,
    ap_by_range,
    class_curves,
    confusion_matrix,
    proportions,
    sizes,
)
from .errors import (
    IGNORED,
    KINDS,
    MEANING,
    TRUE,
    Judged,
    error_costs,
    error_counts,
    judge,
)
from .scenes import Scene

COLORS = {
    TRUE: (40, 170, 60), IGNORED: (150, 150, 150), 'class': (200, 60, 200),
    'place': (240, 150, 20), 'both': (150, 90, 30),
    'duplicate': (60, 150, 230), 'background': (220, 30, 30),
    'missed': (250, 230, 40)}
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;
margin:2rem auto;padding:0 1rem;color:#222}table{border-collapse:collapse}
td,th{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:right}
td:first-child,th:first-child{text-align:left}img{max-width:100%}
.key{display:inline-block;width:.9em;height:.9em;margin-right:.4em}"""


def analyze(scenes: Sequence[Scene], classes: Sequence[str],
            iou_thr: float = 0.5, score_thr: float = 0.3) -> Dict[str, Any]:
    """All figures of the analysis.

    Args:
        scenes (Sequence[Scene]): All images.
        classes (Sequence[str]): Names of the classes.
        iou_thr (float): Overlap of a true detection.
        score_thr (float): Lowest score in the confusion matrix.

    Returns:
        dict: ``images``, ``ap``, ``costs`` and ``counts`` by kind of error,
        ``classes`` (a row for each), ``confusion``, and AP by ``size``, for
        rotated boxes also by ``angle`` and ``proportion``; plain values.

    Raises:
        ValueError: If there are no images.
    """
    if not scenes:
        raise ValueError('there are no images to analyse')
    judged = [judge(scene, iou_thr) for scene in scenes]
    costs = error_costs(judged, len(classes))
    groups = dict(size=(sizes, SIZES))
    if any(scene.boxes.shape[1] != 4 for scene in scenes):
        groups.update(angle=(angles, ANGLES),
                      proportion=(proportions, PROPORTIONS))
    result: Dict[str, Any] = dict(
        images=len(scenes), iou_thr=iou_thr, score_thr=score_thr,
        ap=costs.pop('ap'), costs=costs, counts=error_counts(judged),
        classes=[dict(name=curve.name, objects=curve.objects, ap=curve.ap,
                      **curve.best)
                 for curve in class_curves(judged, classes)],
        confusion=confusion_matrix(
            scenes, len(classes), score_thr, iou_thr).tolist())
    for name, (measure, ranges) in groups.items():
        result[name] = ap_by_range(
            scenes, len(classes), measure, ranges, iou_thr)
    return result


def worst_images(judged: Sequence[Judged], count: int,
                 score_thr: float) -> List[Judged]:
    """The images with most errors of at least a score, and missed objects.

    Args:
        judged (Sequence[Judged]): All images.
        count (int): How many to take; fewer if fewer have errors.
        score_thr (float): Lowest score that counts.

    Returns:
        list[Judged]: The worst first.
    """
    def errors(each: Judged) -> int:
        scores = each.scene.found.scores[each.order]
        return int(each.missed.sum()) + sum(
            kind not in (TRUE, IGNORED) and score >= score_thr
            for kind, score in zip(each.kinds, scores))

    ranked = sorted(judged, key=errors, reverse=True)
    return [each for each in ranked[:count] if errors(each)]


def draw_verdicts(image: np.ndarray, each: Judged,
                  score_thr: float) -> np.ndarray:
    """An image with its detections and missed objects by kind of error.

    Args:
        image (np.ndarray): (h, w, 3) uint8 RGB.
        each (Judged): Its verdicts.
        score_thr (float): Lowest score that is drawn.

    Returns:
        np.ndarray: The picture, RGB.
    """
    factor = enlargement(*image.shape[:2])
    found = each.scene.found
    shown = [(box_corners(found.boxes[place:place + 1])[0],
              f'{found.classes[found.labels[place]]} '
              f'{100 * found.scores[place]:.0f}', COLORS[kind])
             for place, kind in zip(each.order, each.kinds)
             if found.scores[place] >= score_thr]
    shown += [(box_corners(each.scene.boxes[k:k + 1])[0], 'missed',
               COLORS['missed']) for k in np.flatnonzero(each.missed)]
    if not shown:
        return enlarge(image, factor)
    corners, texts, colors = zip(*shown)
    return draw_boxes(enlarge(image, factor), np.array(corners) * factor,
                      texts, colors)


def contact_sheet(pictures: Sequence[np.ndarray], columns: int = 3,
                  side: int = 420) -> np.ndarray:
    """Pictures side by side, each within a square.

    Args:
        pictures (Sequence[np.ndarray]): (h, w, 3) uint8 each.
        columns (int): In a row.
        side (int): Of the squares, pixels.

    Returns:
        np.ndarray: (rows side, columns side, 3) uint8.
    """
    import cv2
    rows = math.ceil(len(pictures) / columns)
    sheet = np.full((rows * side, columns * side, 3), 255, np.uint8)
    for k, picture in enumerate(pictures):
        scale = (side - 8) / max(picture.shape[:2])
        small = cv2.resize(picture, None, fx=scale, fy=scale,
                           interpolation=cv2.INTER_AREA)
        y, x = k // columns * side + 4, k % columns * side + 4
        sheet[y:y + small.shape[0], x:x + small.shape[1]] = small
    return sheet


def plot(result: Dict[str, Any], curves: Sequence[ClassCurve],
         path: Path) -> None:
    """Costs, confusion, precision over recall and F1 over confidence.

    Args:
        result (dict): From :func:`analyze`.
        curves (Sequence[ClassCurve]): Of the classes.
        path (Path): The PNG to write.
    """
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(2, 2, figsize=(11, 9))
    (costs, confusion), (pr, f1) = axes
    colors = [[c / 255 for c in COLORS[kind]] for kind in KINDS]
    costs.barh(KINDS, [100 * result['costs'][kind] for kind in KINDS],
               color=colors)
    costs.invert_yaxis()
    costs.set_xlabel(f'AP{100 * result["iou_thr"]:.0f} to be gained')
    names = [curve.name for curve in curves] + ['background']
    matrix = np.array(result['confusion'], float)
    rows = matrix / matrix.sum(1, keepdims=True).clip(1)
    confusion.imshow(rows, cmap='Blues', vmin=0, vmax=1)
    confusion.set_xticks(range(len(names)), names, rotation=60, ha='right')
    confusion.set_yticks(range(len(names)), names)
    confusion.set_xlabel(f'detected (score >= {result["score_thr"]:g})')
    confusion.set_ylabel('object')
    if len(names) <= 12:
        for (y, x), count in np.ndenumerate(matrix):
            if count:
                confusion.text(x, y, f'{count:.0f}', ha='center',
                               va='center', fontsize=8,
                               color='white' if rows[y, x] > .5 else 'black')
    for curve in curves:
        if curve.objects:
            pr.plot(curve.recall, curve.precision,
                    label=f'{curve.name} {100 * curve.ap:.1f}')
            f1.plot(curve.scores, curve.f1)
    pr.set(xlabel='recall', ylabel='precision', xlim=(0, 1), ylim=(0, 1.02))
    f1.set(xlabel='confidence', ylabel='F1', xlim=(0, 1), ylim=(0, 1.02))
    if 0 < sum(bool(curve.objects) for curve in curves) <= 12:
        pr.legend(fontsize=8)
    for axis in (pr, f1):
        axis.grid(alpha=.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _table(heading: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    def cell(value: Any, tag: str) -> str:
        if isinstance(value, float):
            value = '' if math.isnan(value) else f'{value:.1f}'
        text = str(value)
        return f'<{tag}>{text if text[:1] == "<" else html.escape(text)}' \
            f'</{tag}>'

    lines = [''.join(cell(each, 'th') for each in heading)]
    lines += [''.join(cell(each, 'td') for each in row) for row in rows]
    return '<table>' + ''.join(f'<tr>{line}</tr>' for line in lines) + \
        '</table>'


def page(result: Dict[str, Any], title: str, notice: str = '') -> str:
    """The page, which shows ``analysis.png`` and ``worst.png`` beside it.

    Args:
        result (dict): From :func:`analyze`.
        title (str): What was analysed.
        notice (str): A sentence below the title.

    Returns:
        str: HTML.
    """
    ap = f'AP{100 * result["iou_thr"]:.0f}'
    keys = [f'<span><span class=key style="background:rgb{COLORS[kind]}">'
            f'</span>{kind}</span>' for kind in KINDS]
    parts = [
        f'<h1>{html.escape(title)}</h1>',
        f'<p>{html.escape(notice)}</p>' if notice else '',
        f'<p>{result["images"]} images, {ap} {100 * result["ap"]:.1f} '
        '(101 recalls, mean over the classes).</p>',
        '<h2>Errors</h2>',
        _table(['kind', 'meaning', 'number', f'{ap} to be gained'], [
            [key, MEANING[kind], result['counts'][kind],
             100 * result['costs'][kind]]
            for key, kind in zip(keys, KINDS)]),
        '<p><img src="analysis.png" alt="Costs of the errors, confusion '
        'matrix, precision over recall, F1 over confidence"></p>',
        '<h2>Classes</h2>',
        _table(['class', 'objects', ap, 'best F1', 'at score', 'precision',
                'recall'], [
            [row['name'], row['objects'], 100 * row['ap'], 100 * row['f1'],
             f'{row["score"]:.2f}', 100 * row['precision'],
             100 * row['recall']] for row in result['classes']])]
    for key, heading in (('size', 'Size of the object'),
                         ('angle', 'Angle of the long side'),
                         ('proportion', 'Long over short side')):
        if key in result:
            parts += [f'<h2>{heading}</h2>', _table(
                ['range', 'objects', ap],
                [[name, row['objects'], 100 * row['ap']]
                 for name, row in result[key].items()])]
    parts += ['<h2>Worst images</h2>',
              '<p>Frames by kind: ' + ', '.join([
                  *keys, f'<span><span class=key style="background:rgb'
                  f'{COLORS[TRUE]}"></span>true</span>']) + '</p>',
              '<p><img src="worst.png" alt="Images with most errors"></p>']
    return ('<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f'<title>{html.escape(title)}</title><style>{STYLE}</style>'
            + ''.join(parts) + '</html>')


def _plain(value: Any) -> Any:
    """NaN as None, which JSON knows."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def write_report(scenes: Sequence[Scene], classes: Sequence[str],
                 out_dir: Path, *, title: str, notice: str = '',
                 iou_thr: float = 0.5, score_thr: float = 0.3,
                 worst: int = 9,
                 image_root: Optional[Path] = None) -> Dict[str, Any]:
    """Write ``index.html``, ``analysis.json``, ``.png`` and ``worst.png``.

    Args:
        scenes (Sequence[Scene]): All images.
        classes (Sequence[str]): Names of the classes.
        out_dir (Path): Folder, made if absent.
        title (str): What was analysed.
        notice (str): A sentence below the title.
        iou_thr (float): Overlap of a true detection.
        score_thr (float): Lowest score in matrix and pictures.
        worst (int): How many images to show.
        image_root (Path, optional): Folder that relative names of images
            start from.

    Returns:
        dict: See :func:`analyze`.

    Raises:
        ValueError: If there are no images.
    """
    import cv2
    result = analyze(scenes, classes, iou_thr, score_thr)
    judged = [judge(scene, iou_thr) for scene in scenes]
    out_dir.mkdir(parents=True, exist_ok=True)
    plot(result, class_curves(judged, classes), out_dir / 'analysis.png')
    pictures = [draw_verdicts(_pixels(each.scene, image_root), each,
                              score_thr)
                for each in worst_images(judged, worst, score_thr)]
    if not pictures:
        pictures = [np.full((60, 420, 3), 255, np.uint8)]
    cv2.imwrite(str(out_dir / 'worst.png'),
                contact_sheet(pictures)[..., ::-1])
    write_atomic(out_dir / 'analysis.json',
                 json.dumps(_plain(result), indent=1) + '\n')
    write_atomic(out_dir / 'index.html', page(result, title, notice))
    return result


def _pixels(scene: Scene, root: Optional[Path]) -> np.ndarray:
    """(h, w, 3) RGB of an image; grey if its file is not there."""
    import cv2
    path = Path(root or '.', scene.found.image)
    size: Tuple[int, int] = scene.found.height, scene.found.width
    image = cv2.imread(str(path)) if path.is_file() else None
    if image is None or image.shape[:2] != size:
        return np.full((*size, 3), 90, np.uint8)
    return image[..., ::-1]
