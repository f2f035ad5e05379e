"""What a sweep over policies says: gains with intervals, and a picture."""
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence

import numpy as np

from mmextra.evaluation.functional import VideoAP, bootstrap_difference
from mmextra.utils.command_line import print_table

ADAPTIVE = ('scheduler', 'change')


def over_fixed(rows: Sequence[dict], aps: Mapping[str, VideoAP],
               draws: int = 1000) -> List[Dict[str, Any]]:
    """What adaptive reading gains over fixed, at equal frames per second.

    Args:
        rows (Sequence[dict]): All rows of a model.
        aps (Mapping[str, VideoAP]): Their AP by name.
        draws (int): See :func:`bootstrap_difference`.

    Returns:
        list[dict]: ``mode``, ``between``, the fixed ``rule``, its ``fps``,
        and ``value``, ``low`` and ``high`` of the adaptive mAP at this speed
        less that of the rule. Between its thresholds a mode's curve is
        linear, speeds being those of all videos; none for a rule that is
        slower or faster than the whole curve.
    """
    found = []
    for rule in (r for r in rows if r['mode'] == 'alternate'):
        for mode in ADAPTIVE:
            curve = [r for r in rows if r['mode'] == mode and
                     r['between'] == rule['between']]
            if curve and mode == 'change':
                # What a threshold of 0 does.
                curve += [r for r in rows if r['mode'] == 'always_read']
            curve.sort(key=lambda row: row['fps'])
            if not curve or not curve[0]['fps'] <= rule['fps'] <= \
                    curve[-1]['fps']:
                continue
            names = [row['name'] for row in curve]

            def gain(values: Dict[str, float], names: List[str] = names,
                     curve: List[dict] = curve, rule: dict = rule) -> float:
                return float(np.interp(
                    rule['fps'], [row['fps'] for row in curve],
                    [values[name] for name in names])) - values[rule['name']]

            found.append(dict(
                mode=mode, between=rule['between'], rule=rule['name'],
                fps=rule['fps'], **bootstrap_difference(
                    {name: aps[name] for name in (*names, rule['name'])},
                    gain, draws)))
    return found


def over_repeated(aps: Mapping[str, VideoAP], between: Sequence[str],
                  ahead: Sequence[int], draws: int = 1000
                  ) -> List[Dict[str, Any]]:
    """What is known some frames before, against repeating the last boxes.

    Args:
        aps (Mapping[str, VideoAP]): By ``<between> +<frames>``.
        between (Sequence[str]): Means, ``'repeat'`` among them.
        ahead (Sequence[int]): Frames before.
        draws (int): See :func:`bootstrap_difference`.

    Returns:
        list[dict]: ``between``, ``frames``, ``mAP``, and ``value``, ``low``
        and ``high`` of its difference to repeating.
    """
    found = []
    for frames in ahead:
        for shown in between:
            pair = {name: aps[name] for name in (
                f'{shown} +{frames}', f'repeat +{frames}') if name in aps}
            if f'{shown} +{frames}' not in pair or \
                    f'repeat +{frames}' not in pair:
                continue
            name, peer = f'{shown} +{frames}', f'repeat +{frames}'
            own = pair[name]

            def gain(values: Dict[str, float], name: str = name,
                     peer: str = peer) -> float:
                return values[name] - values[peer]

            found.append(dict(
                between=shown, frames=frames,
                mAP=own.mean_ap(np.ones(own.num_videos)),
                **bootstrap_difference(pair, gain, draws)))
    return found


def print_report(rows: Sequence[dict], gains: Sequence[dict],
                 known: Sequence[dict], values: Sequence[str]) -> None:
    """Print the table and the gains.

    Args:
        rows (Sequence[dict]): Of all models.
        gains (Sequence[dict]): See :func:`over_fixed`.
        known (Sequence[dict]): See :func:`over_repeated`.
        values (Sequence[str]): Columns, where a row has them.
    """
    shown = [key for key in values if any(key in row for row in rows)]
    print_table(
        ('model', 'policy', 'unread', 'fps', *shown),
        [(row['model'], row['name'], f'{row["ratio"]:.3f}',
          f'{row["fps"]:.1f}', *(f'{row.get(key, float("nan")):.4f}'
                                 for key in shown)) for row in rows],
        width=120)
    for gain in gains:
        print('{mode} over {rule} at {fps:.1f} fps: {value:+.4f} mAP '
              '[{low:+.4f}, {high:+.4f}]'.format(**gain))
    for each in known:
        print('{between} {frames} ahead: {mAP:.4f} mAP, over repeat '
              '{value:+.4f} [{low:+.4f}, {high:+.4f}]'.format(**each))


def plot(rows: Sequence[dict], path: Path, title: str) -> None:
    """Draw mAP over frames per second and over the share of forecasts."""
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
    groups: Dict[str, List[dict]] = {}
    for row in rows:
        name = dict(scheduler='scheduler, p', always_read='every frame').get(
            row['mode'], row['mode'])
        if row['mode'] != 'always_read' and row['between'] != 'forecast':
            name += f', {row["between"]}'
        if row.get('model') != rows[0].get('model'):
            name = f'{row["model"]}: {name}'
        groups.setdefault(name, []).append(row)
    for axis, key, label in ((axes[0], 'fps', 'frames per second'),
                             (axes[1], 'ratio', 'share of forecasts')):
        for (name, chosen), marker in zip(groups.items(), 'osx^vD*P<>+1234'):
            chosen = sorted(chosen, key=lambda row: row['ratio'])
            axis.plot([r[key] for r in chosen], [r['mAP'] for r in chosen],
                      marker + ('-' if len(chosen) > 1 else ''), label=name,
                      markersize=5)
        axis.set_xlabel(label)
        axis.grid(alpha=.3)
    axes[0].set_ylabel('mAP')
    axes[1].legend(fontsize=7)
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(str(path), dpi=110)
    plt.close(figure)
