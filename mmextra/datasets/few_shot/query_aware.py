"""Query images together with supports of the same and of other classes."""
import random
import warnings
from typing import (
    Any,
    Dict,
    Iterable,
    List,
    Literal,
    Optional,
    Sequence,
    Set,
    Union,
)

from mmdet.registry import DATASETS

from mmextra.utils.checks import check_choice
from mmextra.utils.worker_random import WorkerRandom

QueryUnit = Literal['image', 'image_class']
PositivePairs = Literal['one', 'all']


def query_aware_candidates(present: Iterable[int], img_id: Any,
                           supports: Dict[int, Sequence[tuple]]
                           ) -> Dict[str, Any]:
    """What may be drawn for a query image.

    Args:
        present (Iterable[int]): Labels of the instances in the image.
        img_id (Any): Id of the image.
        supports (dict[int, Sequence[tuple]]): Label to (image id, ...) of
            its supports.

    Returns:
        dict: ``positive`` maps each label present that has supports to those
        of other images, or, if there are none, to all of them;
        ``negative`` is the sorted list of labels that are absent from the
        image and have supports.
    """
    present = set(present)
    positive = {}
    for label in sorted(present):
        own = supports.get(label, ())
        others = [entry for entry in own if entry[0] != img_id]
        if others or own:
            positive[label] = others or list(own)
    return dict(
        positive=positive,
        negative=sorted(label for label, own in supports.items()
                        if own and label not in present))


def draw_supports(rng: random.Random, candidates: Sequence[tuple],
                  shots: int) -> List[tuple]:
    """Draw supports, of different images where there are enough.

    Args:
        rng (random.Random): Source of randomness.
        candidates (Sequence[tuple]): (image id, ...) of each.
        shots (int): How many; they repeat only if there are fewer.

    Returns:
        list[tuple]: ``shots`` of them.
    """
    order = rng.sample(range(len(candidates)), len(candidates))
    seen: Set[Any] = set()
    first, second = [], []
    for index in order:
        entry = candidates[index]
        (second if entry[0] in seen else first).append(entry)
        seen.add(entry[0])
    drawn = (first + second)[:shots]
    while len(drawn) < shots:
        drawn.append(rng.choice(candidates))
    return drawn


@DATASETS.register_module()
class QueryAwareDataset:
    """A few-shot dataset whose items are query images with their supports.

    An item has one query image with the boxes of one class, K supports of
    that class and K supports of each of ``num_support_ways - 1`` classes
    that are absent from the image. The other objects in the image are
    background, as in mmfewshot. With ``positive_pairs='all'`` it has the
    boxes and supports of up to ``num_support_ways - 1`` of its classes, each
    of which makes a positive pair, and the rest of the ways are absent ones;
    the query's features then serve several pairs that have something to find.

    Which classes are absent is decided by the set of classes in the image,
    and a support is never taken from the query image unless its class has no
    other image.

    Args:
        dataset (dict or Dataset): The queries, with pipelines ``query`` and,
            if there is no ``support_dataset``, ``support``.
        num_support_ways (int): Classes per query, the query's one included.
        num_support_shots (int): Supports per class, K.
        support_dataset (dict or Dataset, optional): The supports.
        repeat_times (int): Times that the queries are counted.
        query_unit (str): ``'image'``: an index is an image, its class is
            drawn; ``'image_class'``: an index is an image and a class.
        positive_pairs (str): ``'one'`` or ``'all'`` of the query's classes,
            see above; not in the paper: ``'all'``.
        max_refetch (int): How many other queries to try when one has no
            usable classes or is rejected by the pipeline.

    Raises:
        ValueError: If settings are illegal, or no query can be drawn.
    """

    def __init__(self,
                 dataset: Union[dict, Any],
                 num_support_ways: int,
                 num_support_shots: int,
                 support_dataset: Union[dict, Any, None] = None,
                 repeat_times: int = 1,
                 query_unit: QueryUnit = 'image',
                 positive_pairs: PositivePairs = 'one',
                 max_refetch: int = 100) -> None:
        if min(num_support_ways, num_support_shots, repeat_times) < 1:
            raise ValueError('num_support_ways, num_support_shots and '
                             'repeat_times must be positive, got '
                             f'{num_support_ways}, {num_support_shots}, '
                             f'{repeat_times}')
        check_choice('query_unit', query_unit, QueryUnit)
        check_choice('positive_pairs', positive_pairs, PositivePairs)
        if positive_pairs == 'all' and query_unit == 'image_class':
            raise ValueError("positive_pairs='all' takes all classes of an "
                             "image; query_unit must then be 'image', not "
                             "'image_class'")
        self.dataset = DATASETS.build(dataset) if isinstance(
            dataset, dict) else dataset
        if support_dataset is None:
            self.support_dataset = self.dataset
        else:
            self.support_dataset = DATASETS.build(support_dataset) if \
                isinstance(support_dataset, dict) else support_dataset
        self.num_support_ways = num_support_ways
        self.num_support_shots = num_support_shots
        self.repeat_times = repeat_times
        self.query_unit = query_unit
        self.positive_pairs = positive_pairs
        self.max_refetch = max_refetch
        self._own_image_warned: Set[int] = set()
        self._random = WorkerRandom()
        self._ready = False
        self.full_init()

    @property
    def metainfo(self) -> dict:
        """The query dataset's."""
        return self.dataset.metainfo

    def full_init(self) -> None:
        """Load both datasets and list the supports of each class."""
        if self._ready:
            return
        self.dataset.full_init()
        self.support_dataset.full_init()
        names = tuple(self.dataset.metainfo['classes'])
        if tuple(self.support_dataset.metainfo['classes']) != names:
            raise ValueError(
                'QueryAwareDataset: queries and supports must have the same '
                f'classes in the same order; they have {names} and '
                f'{tuple(self.support_dataset.metainfo["classes"])}')
        # Label to (image id, index of the data info, index of the box).
        self.supports: Dict[int, List[tuple]] = {}
        for idx in range(len(self.support_dataset)):
            info = self.support_dataset.get_data_info(idx)
            for gt_idx, instance in enumerate(info['instances']):
                if not instance['ignore_flag']:
                    self.supports.setdefault(
                        instance['bbox_label'], []).append(
                            (info['img_id'], idx, gt_idx))
        # (index of the data info, label or None)
        self.queries: List[tuple] = []
        for idx in range(len(self.dataset)):
            labels = sorted(self._boxes_by_label(idx))
            self.queries += [(idx, None)] if self.query_unit == 'image' \
                else [(idx, label) for label in labels]
        if not self.queries:
            raise ValueError('QueryAwareDataset: the dataset is empty')
        self._ready = True

    def __len__(self) -> int:
        return len(self.queries) * self.repeat_times

    def _boxes_by_label(self, idx: int) -> Dict[int, List[int]]:
        boxes = {}
        for number, instance in enumerate(
                self.dataset.get_data_info(idx)['instances']):
            if not instance['ignore_flag']:
                boxes.setdefault(instance['bbox_label'], []).append(number)
        return boxes

    def get_data_info(self, idx: int) -> dict:
        """The data info of the query at an index."""
        return self.dataset.get_data_info(
            self.queries[idx % len(self.queries)][0])

    def get_cat_ids(self, idx: int) -> List[int]:
        """The labels in the query image at an index."""
        return self.dataset.get_cat_ids(
            self.queries[idx % len(self.queries)][0])

    def __getitem__(self, idx: int) -> Dict[str, dict]:
        """One query and its supports.

        Args:
            idx (int): Index.

        Returns:
            dict: ``inputs`` and ``data_samples``, each a dict with ``query``
            and ``support``; the latter is a list, the K supports of each of
            the query's classes first, then K of each absent class. The
            query's sample has ``query_classes``, the labels of the former
            in this order, and the first as ``query_class`` in its metainfo.

        Raises:
            IndexError: If there is no such index, so that loops end.
            ValueError: If ``max_refetch`` queries in a row cannot be used.
        """
        if not -len(self) <= idx < len(self):
            raise IndexError(
                f'QueryAwareDataset has {len(self)} items, not one at {idx}')
        for _ in range(self.max_refetch + 1):
            item = self._draw(idx)
            if item is not None:
                return item
            idx = self._random.generator.randrange(len(self))
        raise ValueError(
            f'QueryAwareDataset: none of {self.max_refetch + 1} queries has '
            'a class with supports and at least num_support_ways - 1 = '
            f'{self.num_support_ways - 1} absent classes with supports (of '
            f'{len(self.supports)} that have any). Use fewer ways, or data '
            'with more classes.')

    def _draw(self, idx: int) -> Optional[Dict[str, dict]]:
        number, label = self.queries[idx % len(self.queries)]
        boxes = self._boxes_by_label(number)
        img_id = self.dataset.get_data_info(number)['img_id']
        candidates = query_aware_candidates(boxes, img_id, self.supports)
        positive, negative = candidates['positive'], candidates['negative']
        if label is not None:
            positive = {k: v for k, v in positive.items() if k == label}
        rng = self._random.generator
        classes = self._draw_classes(rng, sorted(positive))
        rest = self.num_support_ways - len(classes)
        if not classes or len(negative) < rest:
            return None
        chosen = []
        for label in classes:
            if positive[label][0][0] == img_id:
                self._warn_own_image(label)
            chosen += draw_supports(rng, positive[label],
                                    self.num_support_shots)
        for other in rng.sample(negative, rest):
            chosen += draw_supports(rng, self.supports[other],
                                    self.num_support_shots)
        query = self.dataset.prepare(number, 'query', [
            place for label in classes for place in boxes[label]])
        supports = [
            self.support_dataset.prepare(i, 'support', [gt_idx])
            for _, i, gt_idx in chosen
        ]
        if query is None or None in supports:
            return None
        query['data_samples'].set_metainfo(dict(
            query_class=classes[0], query_classes=tuple(classes)))
        return {
            key: dict(query=query[key], support=[s[key] for s in supports])
            for key in ('inputs', 'data_samples')
        }

    def _draw_classes(self, rng: random.Random,
                      present: List[int]) -> List[int]:
        """Those of the query's classes that make positive pairs."""
        if self.positive_pairs == 'one' or not present:
            return [rng.choice(present)] if present else []
        # At least one way stays for an absent class, if there are several.
        wanted = max(self.num_support_ways - 1, 1)
        return rng.sample(present, min(wanted, len(present)))

    def _warn_own_image(self, label: int) -> None:
        if label not in self._own_image_warned:
            self._own_image_warned.add(label)
            warnings.warn(
                'QueryAwareDataset: class '
                f'{self.metainfo["classes"][label]!r} has supports in one '
                'image only, so that image is its own support',
                stacklevel=2)
