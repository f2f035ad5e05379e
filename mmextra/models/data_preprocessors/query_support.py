"""Batches of query images with their supports."""
from typing import Any, Dict, List, Sequence, Tuple

import torch
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmdet.models.utils.misc import samplelist_boxtype2tensor
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmengine.structures import InstanceData


def flatten_supports(supports: Sequence[Any]) -> List[Any]:
    """Supports of a batch, query by query.

    Args:
        supports (Sequence): What mmengine's default collating makes of one
            list per query, [support][query]; or a flat list already.

    Returns:
        list: All supports of the first query, then those of the second, ...
    """
    if not supports or not isinstance(supports[0], (list, tuple)):
        return list(supports)
    return [support for column in zip(*supports) for support in column]


def send_together(samples: SampleList, device: torch.device) -> None:
    """Move the instances of samples to a device, in place, by one transfer
    for each type of numbers.

    Args:
        samples (list[:obj:`DetDataSample`]): Their instances' tensors are
            moved; what else they have is left where it is.
        device (torch.device): Where to.
    """
    places: Dict[torch.dtype, List[Tuple[InstanceData, str]]] = {}
    for sample in samples:
        for instances in sample.values():
            if not isinstance(instances, InstanceData):
                continue
            for key, value in instances.items():
                if isinstance(value, torch.Tensor):
                    places.setdefault(value.dtype, []).append((instances, key))
    for same in places.values():
        values = [instances[key] for instances, key in same]
        sent = torch.cat([value.flatten() for value in values]).to(device)
        for (instances, key), value, part in zip(
                same, values, sent.split([value.numel() for value in values])):
            instances.set_field(part.view_as(value), key)


@MODELS.register_module()
class QuerySupportDataPreprocessor(DetDataPreprocessor):
    """mmdet's preprocessor for batches of :class:`QueryAwareDataset`.

    Queries and supports are normalised and padded apart, for they have other
    sizes. Batches of images alone go through as usual.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Normalise, pad and stack.

        Args:
            data (dict): ``inputs`` and ``data_samples``, each a dict with
                ``query`` and ``support`` as collated, or as usual.
            training (bool): Passed on.

        Returns:
            dict: ``inputs`` a dict with (B, 3, H, W) ``query`` and
            (B * ways * shots, 3, h, w) ``support``, query by query;
            ``data_samples`` the same of lists. Or as usual.
        """
        if not isinstance(data['inputs'], dict):
            return super().forward(data, training)
        query, support = (
            {key: arrange(data[key][branch]) for key in data}
            for branch, arrange in (('query', list),
                                    ('support', flatten_supports)))
        # Of supports a GPU wants nothing but RoIs, which go there together.
        samples = support.pop('data_samples')
        if self.boxtype2tensor:
            samplelist_boxtype2tensor(samples)
            samplelist_boxtype2tensor(query['data_samples'])
            send_together(query['data_samples'], self.device)
        if len({image.shape for image in support['inputs']}) == 1:
            # One transfer in place of one for each.
            stacked: Any = torch.stack(support['inputs'])
            support['inputs'] = stacked
        processed = dict(
            query=super().forward(query, training),
            support=dict(
                super().forward(dict(support, data_samples=None), training),
                data_samples=samples))
        return {
            key: {branch: part[key] for branch, part in processed.items()}
            for key in ('inputs', 'data_samples')
        }
