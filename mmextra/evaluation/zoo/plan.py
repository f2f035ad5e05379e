"""Which stages a benchmark has, and in which order."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import (
    Any,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from .manifest import (
    INTO,
    NAME,
    Manifest,
    ManifestError,
    read_manifest,
)
from .run_stage import KINDS, PLACE

SYNTHETIC = 'synthetic'


@dataclass(frozen=True)
class Stage:
    """One process of the benchmark.

    Attributes:
        key: What names it, also its folder below the benchmark's, for
            example ``'larsd/synthetic/seed0/train'``.
        tool: ``'train'``, ``'test'``, ``'data'`` or the path of a script.
        config: The config; None for data and reports.
        seed: The seed; None for data and reports.
        weights: Key of the stage whose weights it takes.
        into: The config key that names them.
        after: Keys of the stages that must be done before.
        options: For ``--cfg-options``.
        args: Further arguments; those of a report with
            ``{weights:KEY}``, ``{detections:KEY}`` and ``{results:KEY}`` of
            other stages.
        keeps_detections: Of a test: whether a report reads them.
        is_report: Whether it is one, of which counts what it prints.
        alone: Whether nothing else may run beside it.
    """
    key: str
    tool: str
    config: Optional[Path] = None
    seed: Optional[int] = None
    weights: Optional[str] = None
    into: str = INTO
    after: Tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    args: Tuple[str, ...] = ()
    keeps_detections: bool = False
    is_report: bool = False
    alone: bool = False

    @property
    def paper(self) -> Optional[str]:
        """Key of the paper; None for data."""
        return None if self.tool == 'data' else self.key.partition('/')[0]


def is_synthetic(config: Path) -> bool:
    """Whether a config trains on synthetic data, which its name tells."""
    return config.stem.startswith(SYNTHETIC)


def choose_configs(inputs: Sequence[Path], root: Path,
                   data: Optional[str], quick: bool) -> List[Path]:
    """The configs that a benchmark is about.

    Args:
        inputs (Sequence[Path]): Configs and folders of configs; without any
            all folders of ``root``.
        root (Path): The folder ``configs``.
        data (str, optional): ``'synthetic'`` or ``'real'``: of folders take
            only the configs of such data; synthetic ones by default.
        quick (bool): Of every folder only the one that its manifest calls
            quick.

    Returns:
        List[Path]: The configs.

    Raises:
        ValueError: If an input does not exist or gives no config, or a
            config is not about such data.
    """
    chosen = []
    for path in inputs or sorted(
            folder for folder in root.iterdir()
            if not folder.name.startswith('_') and any(folder.glob('*.py'))):
        if path.is_dir():
            found = _of_folder(path, data or SYNTHETIC, quick)
            if not found and inputs:
                raise ValueError(
                    f'{path} has no {"quick" if quick else data or SYNTHETIC}'
                    ' config')
            chosen += found
        elif path.is_file() and path.suffix == '.py':
            if data and is_synthetic(path) != (data == SYNTHETIC):
                raise ValueError(f'{path} is not about {data} data; leave '
                                 f'out "--data {data}"')
            chosen.append(path)
        else:
            raise ValueError(f'{path}: no such config or folder of configs')
    if not chosen:
        raise ValueError(f'no config of {data or SYNTHETIC} data in {root}')
    return list({path.resolve(): path for path in chosen}.values())


def _of_folder(folder: Path, data: str, quick: bool) -> List[Path]:
    if quick:
        name = read_manifest(folder).quick
        found = [folder / f'{name}.py'] if name else []
    else:
        found = sorted(folder.glob('*.py'))
    return [path for path in found
            if is_synthetic(path) == (data == SYNTHETIC)]


class _Planner:
    """Collects stages, each once, after what they need."""

    def __init__(self, quick: bool) -> None:
        self.quick = quick
        self.stages: Dict[str, Stage] = {}
        self.manifests: Dict[Path, Manifest] = {}
        self.pending: List[str] = []
        self.read_by_reports: Set[Path] = set()

    def manifest(self, folder: Path) -> Manifest:
        if folder not in self.manifests:
            self.manifests[folder] = read_manifest(folder)
        return self.manifests[folder]

    def add(self, config: Path, seed: int, until_weights: bool) -> str:
        """Add a config's stages; gives the key of its last weights."""
        manifest = self.manifest(config.parent)
        place = f'{manifest.paper}/{config.stem}/seed{seed}'
        if place in self.pending:
            raise ManifestError(
                f'{manifest.folder / NAME}: {config.stem} needs itself, by '
                f'way of {", ".join(self.pending)}')
        self.pending.append(place)
        data = tuple(map(self._add_data, manifest.data_of(config.stem)))
        options = manifest.quick_options_of(
            config.stem) if self.quick else {}
        rules = manifest.stages_of(config.stem)
        own = {rule.name: f'{place}/{rule.name}' for rule in rules}
        last = None
        for rule in rules:
            weights = own.get(rule.needs)
            if rule.needs and weights is None:
                weights = self.add(
                    config.with_name(f'{rule.needs}.py'), seed, True)
            if rule.makes_weights or not until_weights:
                self.stages.setdefault(
                    own[rule.name],
                    Stage(own[rule.name], rule.tool, config, seed, weights,
                          rule.into,
                          (*data, *([weights] if weights else ())),
                          {**options, **rule.options}, rule.args,
                          rule.tool == 'test' and
                          config.resolve() in self.read_by_reports))
            last = own[rule.name] if rule.makes_weights else last or weights
        self.pending.remove(place)
        return last

    def add_report(self, folder: Path, name: str, seeds: int) -> None:
        """Add a report of configs that are there already."""
        manifest = self.manifest(folder)
        report = manifest.reports[name]
        after: List[str] = []

        def values(kind: str, pattern: str) -> List[str]:
            paths = [folder / f'{each}.py'
                     for each in manifest.configs_of(pattern)]
            if kind == 'config':
                return list(map(str, paths))
            keys = [self.add(path, 0, True) for path in paths] \
                if kind == 'weights' else [
                    f'{manifest.paper}/{path.stem}/seed{seed}/'
                    f'{manifest.test_of(path.stem)}' for path in paths
                    for seed in range(seeds if report.all_seeds else 1)]
            after.extend(keys)
            return [f'{{{kind}:{key}}}' for key in keys]

        args: List[str] = []
        for arg in report.args:
            whole = PLACE.fullmatch(arg)
            args += values(*whole.groups()) if whole else [PLACE.sub(
                lambda place: ','.join(values(*place.groups())), arg)]
        key = f'{manifest.paper}/reports/{name}'
        self.stages[key] = Stage(
            key, report.tool, after=tuple(dict.fromkeys(after)),
            args=tuple(args), is_report=True, alone=report.alone)

    def _add_data(self, make: Tuple[str, ...]) -> str:
        key = 'data/' + '_'.join(make).replace('/', '-')
        self.stages.setdefault(key, Stage(key, 'data', args=make))
        return key


def reports_of(
        configs: Sequence[Path]) -> Iterator[Tuple[Path, str, List[str]]]:
    """The reports that read any of some configs.

    Args:
        configs (Sequence[Path]): The configs.

    Yields:
        tuple: The paper's folder, the report's name, and the configs that
        it needs besides.
    """
    chosen = {config.resolve() for config in configs}
    for folder in {config.resolve().parent: config.parent
                   for config in configs}.values():
        manifest = read_manifest(folder)
        for name, report in manifest.reports.items():
            needed = dict.fromkeys(
                config for pattern in report.names(*KINDS)
                for config in manifest.configs_of(pattern))
            missing = [config for config in needed
                       if (folder / f'{config}.py').resolve() not in chosen]
            if len(missing) < len(needed):
                yield folder, name, missing


def make_plan(configs: Sequence[Path], seeds: int,
              quick: bool = False) -> List[Stage]:
    """The stages that a benchmark of some configs has.

    Configs that share weights share the training, and data is made once.

    Args:
        configs (Sequence[Path]): The configs.
        seeds (int): Number of seeds, from 0 on.
        quick (bool): Shorten by the manifests' quick options.

    Returns:
        List[Stage]: The stages, each after those that it needs.

    Raises:
        ManifestError: If a manifest is malformed.
    """
    planner = _Planner(quick)
    complete = [(folder, name)
                for folder, name, missing in reports_of(configs)
                if not missing and not quick]
    for folder, name in complete:
        manifest = planner.manifest(folder)
        planner.read_by_reports.update(
            (folder / f'{config}.py').resolve()
            for pattern in manifest.reports[name].names('detections')
            for config in manifest.configs_of(pattern))
    for seed in range(seeds):
        for config in configs:
            planner.add(config, seed, until_weights=False)
    for folder, name in complete:
        planner.add_report(folder, name, seeds)
    return list(planner.stages.values())
