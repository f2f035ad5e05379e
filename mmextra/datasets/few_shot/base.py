"""What all few-shot datasets share, whatever their format."""
import copy
import os.path as osp
import warnings
from collections import Counter
from typing import Any, Dict, List, Optional, Sequence, Union

from mmengine.dataset import Compose
from mmengine.logging import print_log

from mmextra.utils.class_splits import Splits, resolve_classes, split_kind

from ..bad_input import AnnotationError
from ..reader import ReaderMixin, guard_loaders
from .saved import read_saved, write_saved
from .settings import shots_per_class
from .shots import select_shots, shot_key

Classes = Union[str, Sequence[str]]


class FewShotMixin(ReaderMixin):
    """Class splits, K-shot choice and several pipelines for a dataset.

    The vocabulary is that of mmfewshot. Made for subclasses of mmdet's
    ``BaseDetDataset``; the other base is to provide ``load_ann_file(path)``,
    which returns the data infos of one file, with labels by the order of
    ``metainfo['classes']``.

    Data infos are filtered in this order (training only): crowd boxes, small
    and empty images, images with a small box (``min_bbox_area``), then the
    shots are chosen. The choice depends on nothing but the instances
    themselves and ``shot_seed``, see :func:`~.shots.select_shots`.

    Args:
        classes (str or Sequence[str], optional): Name of a split or the
            classes; their order is that of the labels.
        ann_cfg (list[dict], optional): Annotation files, each
            ``dict(type='ann_file', ann_file=...)`` or
            ``dict(type='saved_dataset', ann_file=...)`` for what
            :meth:`save_data_infos` wrote. ``ann_file=`` alone works too.
        ann_root (str, optional): Root of relative files in ``ann_cfg``;
            by default ``data_root``.
        num_novel_shots (int, optional): Instances per novel class.
        num_base_shots (int, optional): Instances per base class.
        ann_shot_filter (dict, optional): Instances per class by name; 0
            leaves the class out. Instead of the two above.
        instance_wise (bool): One data info per instance, not per image.
        min_bbox_area (float, optional): Leave images out that have a smaller
            box, in square pixels of the annotation.
        multi_pipelines (dict, optional): Name to pipeline, for
            :meth:`prepare`; instead of ``pipeline``.
        dataset_name (str, optional): For messages.
        shot_seed (int): Another seed gives other shots.
        class_splits (dict, optional): Name of a split to its classes, in
            place of the benchmark's. Names that start with ``BASE_CLASSES``,
            ``NOVEL_CLASSES`` or ``ALL_CLASSES`` have that meaning.

    Raises:
        ValueError: If settings contradict each other.
        AnnotationError: If the files lack a class, or hold no box of a class
            of which shots are wanted.
    """

    CLASS_SPLITS: Splits = {}
    # What an object with ignore_flag is, and how to take it.
    IGNORED = 'crowds'

    def __init__(self,
                 *args,
                 classes: Optional[Classes] = None,
                 ann_cfg: Optional[List[dict]] = None,
                 ann_root: Optional[str] = None,
                 ann_file: str = '',
                 num_novel_shots: Optional[int] = None,
                 num_base_shots: Optional[int] = None,
                 ann_shot_filter: Optional[Dict[str, int]] = None,
                 instance_wise: bool = False,
                 min_bbox_area: Optional[float] = None,
                 pipeline: Sequence[Any] = (),
                 multi_pipelines: Optional[Dict[str, list]] = None,
                 dataset_name: Optional[str] = None,
                 shot_seed: int = 0,
                 class_splits: Optional[Splits] = None,
                 metainfo: Optional[dict] = None,
                 lazy_init: bool = False,
                 **kwargs) -> None:
        self.dataset_name = dataset_name or type(self).__name__
        self.class_splits = dict(class_splits or self.CLASS_SPLITS)
        metainfo = dict(metainfo or {})
        if classes is not None:
            metainfo['classes'] = resolve_classes(
                classes, self.class_splits, self.dataset_name)
        if ann_cfg is not None and ann_file:
            raise ValueError(f'{self.dataset_name}: give ann_cfg or '
                             'ann_file, not both')
        if multi_pipelines and pipeline:
            raise ValueError(f'{self.dataset_name}: give pipeline or '
                             'multi_pipelines, not both')
        self.classes_kind = split_kind(classes)
        self.num_novel_shots = num_novel_shots
        self.num_base_shots = num_base_shots
        self.ann_cfg = ann_cfg
        self.ann_root = ann_root
        self.instance_wise = instance_wise
        self.min_bbox_area = min_bbox_area
        self.shot_seed = shot_seed
        self.multi_pipelines = {
            key: Compose(steps)
            for key, steps in (multi_pipelines or {}).items()
        }
        super().__init__(
            *args,
            ann_file=ann_file,
            metainfo=metainfo,
            pipeline=list(pipeline),
            lazy_init=True,
            **kwargs)
        for steps in self.multi_pipelines.values():
            guard_loaders(steps)
        self.ann_shot_filter = shots_per_class(
            self._metainfo.get('classes') or (), num_novel_shots,
            num_base_shots, ann_shot_filter, self.classes_kind,
            self.class_splits, self.dataset_name)
        if not lazy_init:
            self.full_init()

    # Loading

    def _join_prefix(self) -> None:
        """Join the roots, of the files in ``ann_cfg`` too."""
        super()._join_prefix()
        root = self.data_root if self.ann_root is None else self.ann_root
        entries = self.ann_cfg
        if entries is None:
            entries = [dict(type='ann_file', ann_file=self.ann_file)]
            root = ''
        self.ann_files = []
        for entry in entries:
            path = entry.get('ann_file')
            kind = entry.get('type', 'ann_file')
            if kind not in ('ann_file', 'saved_dataset') or not path:
                raise ValueError(
                    f'{self.dataset_name}: an entry of ann_cfg must be '
                    'dict(type="ann_file" or "saved_dataset", ann_file=...), '
                    f'got {dict(entry)}')
            if root and not osp.isabs(path):
                path = osp.join(root, path)
            self.ann_files.append((kind, path))
        if self.ann_cfg is not None:
            # Shown in benchmark tables.
            self.ann_file = self.ann_files[0][1]

    def load_ann_file(self, path: str) -> List[dict]:
        """The data infos of one annotation file."""
        raise NotImplementedError

    def load_data_list(self) -> List[dict]:
        """Data infos of all files; an image of several files is one.

        Returns:
            list[dict]: Data infos, boxes that occur twice only once.

        Raises:
            AnnotationError: If a file or a class is missing, or the files
                disagree.
        """
        merged = {}
        for kind, path in self.ann_files:
            if not osp.isfile(path):
                raise AnnotationError(
                    path, f'the annotation file of {self.dataset_name} is '
                    'not there', 'Check data_root, ann_root and ann_cfg, or '
                    'make it with tools/few_shot/make_few_shot_split.py.')
            infos = read_saved(path, self.metainfo['classes']) if (
                kind == 'saved_dataset') else self.load_ann_file(path)
            for info in infos:
                known = merged.setdefault(info['img_id'], info)
                if known is not info:
                    known['instances'] = known['instances'] + info['instances']
        for info in merged.values():
            unique = {(tuple(i['bbox']), i['bbox_label']): i
                      for i in reversed(info['instances'])}
            info['instances'] = list(unique.values())[::-1]
        return list(merged.values())

    def save_data_infos(self, path: str) -> None:
        """Write what the dataset holds, for ``type='saved_dataset'``.

        Args:
            path (str): The JSON file.
        """
        infos = [self.get_data_info(i) for i in range(len(self))]
        for info in infos:
            info.pop('sample_idx', None)
        write_saved(path, self.metainfo['classes'], self.data_prefix, infos)

    # Filtering

    def filter_data(self) -> List[dict]:
        """Filter, choose shots, split or merge; see the class.

        Returns:
            list[dict]: Data infos.
        """
        infos = self.data_list
        self._lost: Counter = Counter()
        if not self.test_mode:
            infos = self._usable(infos)
        self._check_counts(infos)
        if not infos:
            raise AnnotationError(
                ', '.join(path for _, path in self.ann_files),
                f'no image of {len(self.data_list)} is left for '
                f'{self.dataset_name}' + self._why_lost(),
                'Correct the classes, the files or the filters')
        if self.ann_shot_filter is not None:
            infos = self._only_shots(infos)
        elif self.instance_wise:
            infos = self._split_instances(infos)
        return infos

    def _usable(self, infos: List[dict]) -> List[dict]:
        cfg = self.filter_cfg or {}
        min_size = cfg.get('min_size', 32)
        kept = []
        for info in infos:
            good = [i for i in info['instances'] if not i['ignore_flag']]
            if len(good) < len(info['instances']):
                self._lose(self.IGNORED, [
                    i for i in info['instances'] if i['ignore_flag']])
                info['instances'] = good
            if min(info['width'], info['height']) < min_size:
                self._lose(f'in images below {min_size} pixels (min_size)',
                           good)
            elif not good and cfg.get('filter_empty_gt', True):
                continue
            elif self.min_bbox_area is not None and any(
                    _area(i['bbox']) < self.min_bbox_area for i in good):
                self._lose('in images with a box below min_bbox_area='
                           f'{self.min_bbox_area:g}', good)
            else:
                kept.append(info)
        return kept

    def _lose(self, reason: str, instances: List[dict]) -> None:
        names = self.metainfo['classes']
        self._lost.update((names[i['bbox_label']], reason)
                          for i in instances)

    def _why_lost(self, wanted: Optional[Sequence[str]] = None) -> str:
        """For messages: what became of the boxes of some classes."""
        words = [f'{k} of {name!r} {reason}'
                 for (name, reason), k in self._lost.items()
                 if wanted is None or name in wanted]
        return f'; left out were {", ".join(words)}' if words else ''

    def count_instances(self, infos: Optional[List[dict]] = None
                        ) -> Dict[str, int]:
        """Number of boxes per class.

        Args:
            infos (list[dict], optional): Data infos; by default those of
                the dataset.

        Returns:
            dict[str, int]: Class name to number, crowd boxes left out.
        """
        if infos is None:
            infos = [self.get_data_info(i) for i in range(len(self))]
        names = self.metainfo['classes']
        counts = dict.fromkeys(names, 0)
        for info in infos:
            for instance in info['instances']:
                if not instance['ignore_flag']:
                    counts[names[instance['bbox_label']]] += 1
        return counts

    def _check_counts(self, infos: List[dict]) -> None:
        counts = self.count_instances(infos)
        wanted = self.ann_shot_filter or {}
        empty = [name for name, number in counts.items() if not number and (
            wanted.get(name) or self.instance_wise and not wanted)]
        if empty:
            raise AnnotationError(
                ', '.join(path for _, path in self.ann_files),
                f'{self.dataset_name} has no box of {empty}' +
                self._why_lost(empty),
                'A class without a box cannot be shown to the detector; '
                'leave it out of classes or add files to ann_cfg.')
        few = [n for n, k in wanted.items() if counts[n] < k]
        if few:
            warnings.warn(
                f'{self.dataset_name}: fewer instances than shots:\n' +
                counts_table({n: counts[n] for n in few}, wanted),
                stacklevel=2)
        elif not self.test_mode:
            print_log(
                f'{self.dataset_name}: {len(infos)} images\n' +
                counts_table(counts, wanted), logger='current')

    def _only_shots(self, infos: List[dict]) -> List[dict]:
        names = self.metainfo['classes']
        flat = [(info, instance) for info in infos
                for instance in info['instances']]
        listed = [(names[i['bbox_label']], info['img_id'], _xywh(i['bbox']))
                  for info, i in flat]
        shots = dict.fromkeys(names, len(flat))
        shots.update(self.ann_shot_filter)
        chosen = select_shots(listed, shots, self.shot_seed)
        pairs = [flat[i] for name in names for i in chosen[name]]
        if self.instance_wise:
            return [dict(info, instances=[i]) for info, i in pairs]
        merged = {}
        for info, instance in pairs:
            merged.setdefault(info['img_id'], dict(info, instances=[]))[
                'instances'].append(instance)
        return list(merged.values())

    def _split_instances(self, infos: List[dict]) -> List[dict]:
        names = self.metainfo['classes']
        pairs = [(info, i) for info in infos for i in info['instances']]
        # By class, then by rank: the same whatever the order of the files.
        pairs.sort(key=lambda pair: (pair[1]['bbox_label'], shot_key(
            names[pair[1]['bbox_label']], pair[0]['img_id'],
            _xywh(pair[1]['bbox']), self.shot_seed)))
        return [dict(info, instances=[i]) for info, i in pairs]

    # Reading

    def prepare(self, idx: int, key: Optional[str] = None,
                gt_idx: Optional[Sequence[int]] = None) -> Any:
        """One sample through a pipeline, with some of its boxes only.

        Args:
            idx (int): Index of the data info.
            key (str, optional): Name of one of ``multi_pipelines``; without
                it ``pipeline``.
            gt_idx (Sequence[int], optional): Which instances to keep.

        Returns:
            Any: What the pipeline gives, None if it rejects the sample.
        """
        info = copy.deepcopy(self.get_data_info(idx))
        if gt_idx is not None:
            info['instances'] = [info['instances'][i] for i in gt_idx]
        if key is None:
            return self.pipeline(info)
        if key not in self.multi_pipelines:
            raise ValueError(
                f'{self.dataset_name} has no pipeline {key!r}; '
                'multi_pipelines has '
                f'{sorted(self.multi_pipelines) or "none"}')
        return self.multi_pipelines[key](info)


def counts_table(counts: Dict[str, int], wanted: Dict[str, int]) -> str:
    """Numbers of instances per class, and the shots wanted, as text."""
    width = max(map(len, (*counts, 'class')))
    rows = [('class', 'instances', 'shots wanted')]
    rows += [(n, k, wanted.get(n, 'all')) for n, k in counts.items()]
    return '\n'.join(f'{a:<{width}}  {b:>9}  {c:>12}' for a, b, c in rows)


def _area(bbox: Sequence[float]) -> float:
    return (bbox[2] - bbox[0]) * (bbox[3] - bbox[1])


def _xywh(bbox: Sequence[float]) -> List[float]:
    return [bbox[0], bbox[1], bbox[2] - bbox[0], bbox[3] - bbox[1]]
