"""Pairs of query images and classes that a detector trains on."""
from dataclasses import dataclass
from typing import List, Sequence

from mmdet.structures import DetDataSample, SampleList
from mmengine.structures import InstanceData


@dataclass
class Pairs:
    """P pairs of B queries, query by query.

    Attributes:
        queries: B samples with the boxes of all positive pairs, labels 0.
        samples: P samples, the query's with what is to be found in a
            positive pair; in a negative one with the boxes of all positive
            pairs of the query, which are background there. Labels are 0.
        images: Index of the query of each pair.
        negative: Pairs whose support is of a class not in the image.
    """
    queries: SampleList
    samples: SampleList
    images: List[int]
    negative: List[bool]


def _with_boxes(sample: DetDataSample,
                instances: InstanceData) -> DetDataSample:
    """The sample with these boxes; the head is binary: the class is the
    support's."""
    found = DetDataSample(metainfo=sample.metainfo)
    if 'ignored_instances' in sample:
        found.ignored_instances = sample.ignored_instances
    fields = {key: value for key, value in instances.items()
              if key != 'labels'}
    found.gt_instances = InstanceData(
        labels=instances.labels.new_zeros(len(instances)), **fields)
    return found


def arrange_pairs(samples: SampleList, ways: int) -> Pairs:
    """The pairs of a batch.

    ``query_classes`` in the metainfo of a query names the labels of its
    first ways, which are positive pairs with the boxes of that label; the
    others are negative. Without it the first way alone is positive, with all
    boxes.

    Args:
        samples (list[:obj:`DetDataSample`]): Of B queries.
        ways (int): Classes per query.

    Returns:
        Pairs: B * ways pairs.

    Raises:
        ValueError: If a query has more classes than ways.
    """
    pairs = Pairs([], [], [], [])
    for number, sample in enumerate(samples):
        whole = _with_boxes(sample, sample.gt_instances)
        classes: Sequence = sample.metainfo.get('query_classes', (None, ))
        if len(classes) > ways:
            raise ValueError(
                f'the query {sample.metainfo.get("img_path", "")} has '
                f'{len(classes)} query_classes, more than num_support_ways '
                f'({ways}); the model and QueryAwareDataset must have the '
                'same settings')
        pairs.queries.append(whole)
        # One class has all of the boxes: nothing to choose from.
        positive = [whole] if len(classes) == 1 else [
            _with_boxes(sample, sample.gt_instances[
                sample.gt_instances.labels == label]) for label in classes]
        pairs.samples += positive + [whole] * (ways - len(positive))
        pairs.images += [number] * ways
        pairs.negative += [way >= len(positive) for way in range(ways)]
    return pairs
