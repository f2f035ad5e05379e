"""``configs/<paper>/benchmark.yml``: what a benchmark runs of a paper.

The file says only what differs from "train the config, then test it"::

    collection:                     # of metafile.yml
      Name: LARSD
      Architecture: [ResNet, UNetNeck]
    data:                           # arguments of tools/make_synthetic.py
      - {configs: synthetic*, make: harbour data/synthetic_harbour}
    quick:                          # what --quick runs: one config, shortened
      config: synthetic
      options:                      # --cfg-options, by config
        '*': {train_cfg.max_epochs: 2}
    stages:                         # by config; the first that fits counts
      '*-p2_rect9':                 # has the weights of another config
        - {tool: test, needs: '*-p2'}
      '*-10shot':                   # starts from another config's weights
        - {tool: train, needs: '*-base'}
        - {tool: test}
      '*-phase2':                   # only a part has weights before
        - {tool: train, needs: '*-phase1',
           into: model.detector.init_cfg.checkpoint}
        - {tool: test}
      classifier:                   # weights pass through a script first
        - name: convert
          tool: tools/model_converters/some_script.py
          needs: segmentation
          args: ['{config}', '{weights}', '{output}']
        - {tool: train, needs: convert}
        - {tool: test}
    reports:                        # what compares or pools tested configs
      against_peer:
        tool: tools/analysis_tools/compare_detectors.py
        args: ['{config:ours}', --first, '{detections:ours}',
               --second, '{detections:peer}']
      speeds:
        tool: tools/analysis_tools/forecast_sweep.py
        args: ['{config:ours}', '{weights:ours}']
        alone: true                 # it measures times
      pooled:
        tool: tools/analysis_tools/pool_folds.py
        args: ['{detections:fold*}']
        seeds: first                # of all seeds by default

Configs are named by their file without ``.py``; one ``*`` stands for any
text, and for the same text in ``needs``. ``tool`` is ``train``, ``test`` or
a script of this project; ``needs`` is an earlier stage of the config, or
another config of the paper, whose last weights it takes: ``train`` starts
from them (``load_from``, or the config key in ``into``), ``test`` tests them,
a script finds them in ``{weights}`` and leaves its own in ``{output}``. A
``test`` without ``needs`` tests the stage before it. A stage's ``options``
are ``--cfg-options``; ``'{seed}'`` as a value is the number of the seed, for
what else differs between seeds, such as the choice of shots.

A report runs when all configs that it names are chosen, and not in a quick
benchmark; what it prints stands on the page. ``{config:NAME}`` is a config,
``{weights:NAME}`` its weights of seed 0, ``{detections:NAME}`` what
``tools/test.py --out`` wrote of it and ``{results:NAME}`` the folder of its
test. A ``*`` in a name is any text: all configs that fit. One
that is a whole argument becomes one argument for each of them, one within an
argument a list with commas.
"""
import re
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

import yaml

from .run_stage import KINDS, PLACE

NAME = 'benchmark.yml'
FIELDS = ('collection', 'data', 'quick', 'stages', 'reports')
STAGE_FIELDS = ('name', 'tool', 'needs', 'into', 'options', 'args')
INTO = 'load_from'
REPORT_FIELDS = ('tool', 'args', 'alone', 'seeds')
TRAIN_AND_TEST = ({'tool': 'train'}, {'tool': 'test'})


class ManifestError(ValueError):
    """A ``benchmark.yml`` that cannot be used: file, place, remedy."""


@dataclass(frozen=True)
class StageRule:
    """One stage as the manifest gives it.

    Attributes:
        name: Its name, unique among the stages of a config.
        tool: ``'train'``, ``'test'`` or the path of a script.
        needs: Name of an earlier stage or of another config.
        into: The config key that names the weights of ``needs``.
        options: Config key to value, for ``--cfg-options``.
        args: Further arguments.
    """
    name: str
    tool: str
    needs: Optional[str] = None
    into: str = INTO
    options: Mapping[str, Any] = field(default_factory=dict)
    args: Tuple[str, ...] = ()

    @property
    def makes_weights(self) -> bool:
        """Whether later stages may need what it leaves behind."""
        return self.tool != 'test'


@dataclass(frozen=True)
class ReportRule:
    """What compares or pools configs that were tested.

    Attributes:
        tool: The path of a script.
        args: Its arguments, with the places of configs.
        alone: Whether nothing else may run beside it.
        all_seeds: Whether it reads all seeds, or the first.
    """
    tool: str
    args: Tuple[str, ...]
    alone: bool = False
    all_seeds: bool = True

    def names(self, *kinds: str) -> List[str]:
        """The names of configs, or patterns, in places of some kinds."""
        return [name for arg in self.args
                for kind, name in PLACE.findall(arg) if kind in kinds]


def fit(pattern: str, name: str) -> Optional[str]:
    """What ``*`` stands for if a pattern fits a name, else None.

    Args:
        pattern (str): A name, or one with one ``*``.
        name (str): Name of a config.

    Returns:
        str: The text, empty for a pattern without ``*``.
    """
    before, star, after = pattern.partition('*')
    if not star:
        return '' if pattern == name else None
    match = re.fullmatch(
        f'{re.escape(before)}(.*){re.escape(after)}', name)
    return match and match.group(1)


@dataclass(frozen=True)
class Manifest:
    """What a benchmark runs of one paper.

    Attributes:
        folder: The folder of the paper's configs.
        collection: ``Name`` and ``Architecture`` for the metafile.
        data: Patterns of configs, and the arguments of
            ``tools/make_synthetic.py`` that make their data.
        quick: The config that a quick benchmark runs; None if there is none.
        quick_options: Patterns of configs, and what shortens them.
        stages: Patterns of configs to their stages.
        reports: Names to what compares tested configs.
    """
    folder: Path
    collection: Mapping[str, Any] = field(default_factory=dict)
    data: Tuple[Tuple[str, Tuple[str, ...]], ...] = ()
    quick: Optional[str] = None
    quick_options: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict)
    stages: Mapping[str, Tuple[StageRule, ...]] = field(default_factory=dict)
    reports: Mapping[str, ReportRule] = field(default_factory=dict)

    @property
    def paper(self) -> str:
        """Key of the paper."""
        return self.folder.resolve().name

    @property
    def configs(self) -> List[str]:
        """Names of the configs, sorted."""
        return sorted(path.stem for path in self.folder.glob('*.py'))

    def stages_of(self, config: str) -> List[StageRule]:
        """The stages of a config, the names in ``needs`` complete.

        Args:
            config (str): Name of the config.

        Returns:
            List[StageRule]: The stages, in order.

        Raises:
            ManifestError: If a stage needs what there is not.
        """
        fitting = ((fit(pattern, config), rules)
                   for pattern, rules in self.stages.items())
        star, rules = next(
            (each for each in fitting if each[0] is not None),
            ('', _rules(TRAIN_AND_TEST, 'the default')))
        complete, before = [], None
        for rule in rules:
            needs = rule.needs and rule.needs.replace('*', star)
            if needs is None and rule.tool == 'test':
                needs = before
            known = [each.name for each in complete if each.makes_weights]
            if rule.tool == 'test' and needs is None or (
                    needs and needs not in [*known, *self.configs]) \
                    or needs == config:
                raise ManifestError(
                    f'{self.folder / NAME}: stage {rule.name!r} of {config} '
                    f'needs {needs!r}, which is neither a stage before it '
                    f'({", ".join(known) or "there is none"}) nor another '
                    f'config of {self.folder}')
            complete.append(replace(rule, needs=needs))
            before = rule.name if rule.makes_weights else before
        return complete

    def configs_of(self, name: str) -> List[str]:
        """The configs that a name with or without ``*`` fits."""
        return [config for config in self.configs
                if fit(name, config) is not None]

    def test_of(self, config: str) -> Optional[str]:
        """The name of a config's last test; None if it has none."""
        tests = [rule.name for rule in self.stages_of(config)
                 if rule.tool == 'test']
        return tests[-1] if tests else None

    def data_of(self, config: str) -> List[Tuple[str, ...]]:
        """Arguments of ``tools/make_synthetic.py`` that a config needs."""
        return [make for pattern, make in self.data
                if fit(pattern, config) is not None]

    def quick_options_of(self, config: str) -> Dict[str, Any]:
        """What shortens a config in a quick benchmark."""
        options = {}
        for pattern, given in self.quick_options.items():
            if fit(pattern, config) is not None:
                options.update(given)
        return options


def _check(given: Any, kind: type, legal, where: str) -> Any:
    if not isinstance(given, kind):
        raise ManifestError(
            f'{where} must be a {"mapping" if kind is dict else "list"}, got '
            f'{given!r}')
    unknown = [key for key in given if key not in legal] if legal else []
    if unknown:
        raise ManifestError(f'{where}: unknown field {unknown[0]!r}; legal '
                            f'are {", ".join(legal)}')
    return given


def _rules(stages: Any, where: str) -> Tuple[StageRule, ...]:
    rules = []
    for stage in stages:
        _check(stage, dict, STAGE_FIELDS, f'{where}: a stage')
        if not isinstance(stage.get('tool'), str):
            raise ManifestError(f'{where}: stage {stage} has no tool')
        rule = StageRule(
            stage.get('name') or Path(stage['tool']).stem, stage['tool'],
            stage.get('needs'), stage.get('into', INTO),
            stage.get('options') or {},
            tuple(map(str, stage.get('args') or ())))
        if rule.name in [each.name for each in rules]:
            raise ManifestError(
                f'{where}: two stages are named {rule.name!r}; give one of '
                'them another "name"')
        rules.append(rule)
    return tuple(rules)


def _reports(content: Mapping[str, Any], where: str) -> Dict[str, ReportRule]:
    reports = {}
    for name, given in content.items():
        place = f'{where}: {name}'
        # It names a folder.
        if not re.fullmatch(r'[\w-]+', str(name)):
            raise ManifestError(f'{place}: a report is named by letters, '
                                'digits, _ and -')
        _check(given, dict, REPORT_FIELDS, place)
        if not str(given.get('tool', '')).endswith('.py'):
            raise ManifestError(f'{place}: tool must be the path of a script '
                                f'of this project, got {given.get("tool")!r}')
        seeds = given.get('seeds', 'all')
        if seeds not in ('all', 'first'):
            raise ManifestError(f'{place}: seeds must be all or first, got '
                                f'{seeds!r}')
        args = _check(given.get('args', []), list, None, f'{place}: args')
        for arg in args:
            if isinstance(arg, (dict, list)) or '{' in PLACE.sub(
                    '', str(arg)):
                raise ManifestError(
                    f'{place}: args: {arg!r} is no text with places such as '
                    f"'{{KIND:NAME}}' in quotes; kinds are {', '.join(KINDS)}")
        reports[name] = ReportRule(
            given['tool'], tuple(map(str, args)),
            bool(given.get('alone', False)), seeds == 'all')
        if not reports[name].names('weights', 'detections', 'results'):
            raise ManifestError(
                f'{place} reads no result of a config: its args need '
                '{weights:NAME}, {detections:NAME} or {results:NAME}')
    return reports


def _check_reports(manifest: Manifest) -> None:
    """Refuse reports of what configs do not leave behind."""
    for name, report in manifest.reports.items():
        for kind in KINDS[1:]:
            for config in [config for pattern in report.names(kind)
                           for config in manifest.configs_of(pattern)]:
                # A test needs weights.
                if kind != 'weights' and manifest.test_of(config) is None \
                        or not manifest.stages_of(config):
                    raise ManifestError(
                        f'{manifest.folder / NAME}: reports: {name} reads '
                        f'{kind} of {config}, which leaves none')


def read_manifest(folder: Path) -> Manifest:
    """Read a paper's manifest; without a file everything is usual.

    Args:
        folder (Path): ``configs/<paper>``.

    Returns:
        Manifest: The manifest.

    Raises:
        ManifestError: If the file is malformed, or names a stage or a
            config that is not there.
    """
    path = folder / NAME
    if not path.is_file():
        return Manifest(folder)
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8')) or {}
    except yaml.YAMLError as error:
        raise ManifestError(f'{path}: not valid YAML: {error}') from error
    _check(content, dict, FIELDS, str(path))
    data = []
    for item in _check(content.get('data', []), list, None, f'{path}: data'):
        _check(item, dict, ('configs', 'make'), f'{path}: data')
        if set(item) != {'configs', 'make'}:
            raise ManifestError(f'{path}: data {item} needs both configs '
                                'and make')
        data.append((item['configs'], tuple(shlex.split(item['make']))))
    quick = _check(content.get('quick', {}), dict, ('config', 'options'),
                   f'{path}: quick')
    stages = _check(content.get('stages', {}), dict, None, f'{path}: stages')
    manifest = Manifest(
        folder, content.get('collection', {}), tuple(data),
        quick.get('config'), quick.get('options', {}),
        {pattern: _rules(_check(rules, list, None, f'{path}: {pattern}'),
                         f'{path}: {pattern}')
         for pattern, rules in stages.items()},
        _reports(_check(content.get('reports', {}), dict, None,
                        f'{path}: reports'), f'{path}: reports'))
    named = [name for report in manifest.reports.values()
             for name in report.names(*KINDS)]
    for pattern in (*stages, *manifest.quick_options, *dict(data), *named):
        if pattern.count('*') > 1:
            raise ManifestError(f'{path}: {pattern!r} has more than one "*"')
        if all(fit(pattern, config) is None for config in manifest.configs):
            raise ManifestError(f'{path}: no config is named {pattern!r}')
    if manifest.quick not in (None, *manifest.configs):
        raise ManifestError(
            f'{path}: quick: there is no config {manifest.quick!r}')
    for config in manifest.configs:
        manifest.stages_of(config)
    _check_reports(manifest)
    return manifest
