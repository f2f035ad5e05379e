"""The two graphs of the feature forecast: reading, and forecasting."""
from typing import Any, Dict, List, Optional, Tuple

import torch
from mmengine.config import Config
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from .families import box_facts, image_inputs, suppression, thresholds
from .graphs import Outputs, dense_detections
from .plan import ExportError, ExportPlan, GraphPlan, Options


class StreamGraph(nn.Module):
    """One frame, read or forecast, with the state as inputs and outputs.

    Args:
        model (nn.Module): A ``FeatureForecastDetector``.
        names (Sequence[str]): Inputs in order: ``image`` or ``map_<i>``,
            ``read_map``, ``img_shape`` and ``state_<i>``.
        state (Any): An example of the temporal module's state.
        suppress (bool): With non-maximum suppression.
        size (tuple, optional): Height and width that boxes are clipped to,
            if they are not an input.
    """

    def __init__(self, model: Any, names: List[str], state: Any,
                 suppress: bool, size: Optional[Tuple[int, int]]) -> None:
        super().__init__()
        self.model, self.names = model, names
        self.tree = pytree.tree_flatten(state)[1]
        self.levels = state_levels(model, state)
        self.suppress, self.size = suppress, size

    def forward(self, *args: Tensor) -> Outputs:
        """Boxes, scores and labels; see :func:`output_names`."""
        given, model = dict(zip(self.names, args)), self.model
        shape: Any = self.size
        if 'img_shape' in given:
            shape = tuple(given['img_shape'].unbind(0))
        reads, read = 'image' in given, None
        if reads:
            feats = model.extract_maps(given['image'])
        else:
            feats = tuple(given[f'map_{i}'] for i in range(
                sum(name.startswith('map_') for name in self.names)))
            if 'read_map' in given:
                read = {model.scheduler.level: given['read_map']}
        memory = None
        if self.levels:
            # The first state is one place of zeros.
            memory = pytree.tree_unflatten([
                given[f'state_{i}'].expand(-1, -1, *feats[level].shape[-2:])
                for i, level in enumerate(self.levels)
            ], self.tree)
        asks = model.scheduler is not None
        out = model.step_maps(feats, memory, asks, read)
        head = model.detector.bbox_head
        found = dense_detections(
            head, model.head_maps(out.det_feats), shape, head.test_cfg,
            self.suppress)[:3]
        result = [*found]
        if asks:
            result.append(out.logits.float().softmax(-1)[0, 1])
        if self.levels:
            result += pytree.tree_flatten(out.memory)[0]
        if model.forecasts:
            result += out.forecast
        if reads:
            result.append(feats[model.judged_level])
        return tuple(result)


def state_levels(model: Any, state: Any) -> List[int]:
    """Which map each tensor of a state belongs to."""
    if state is None:
        return []
    return [level for level, own in zip(model.temporal.levels, state)
            for _ in pytree.tree_flatten(own)[0]]


def compares_with_read(model: Any) -> bool:
    """Whether the scheduler looks at the last maps that were read."""
    return model.scheduler is not None and model.scheduler_input == 'read'


def output_names(model: Any, states: int, maps: int,
                 reads: bool) -> List[str]:
    """Outputs of a graph in order."""
    return ['boxes', 'scores', 'labels'] + \
        ['conf'] * (model.scheduler is not None) + \
        [f'next_state_{i}' for i in range(states)] + \
        [f'next_map_{i}' for i in range(maps * model.forecasts)] + \
        ['read_map'] * reads


def plan_stream(model: Any, cfg: Config, spec: Dict[str, Any],
                options: Options) -> ExportPlan:
    """A feature forecast: ``read``, and ``forecast`` if it forecasts."""
    detector = model.detector
    if model.judges_change:
        raise ExportError('a scheduler with sees_change=True cannot be '
                          'exported; one without can')
    head = getattr(detector, 'bbox_head', None)
    if head is None:
        raise ExportError(f'{type(detector).__name__} as detector of a '
                          'stream cannot be exported; a single stage can')
    kind, nms = suppression(head.test_cfg, options)
    inputs, dynamic = image_inputs(spec, options, clips=True)
    high, wide = inputs['image'].shape[-2:]
    size = None if 'img_shape' in inputs else (high, wide)
    with torch.no_grad():
        feats = model.extract_maps(inputs['image'])
        out = model.step_maps(feats)
    states = {f'state_{i}': each for i, each in enumerate(
        pytree.tree_flatten(out.memory)[0])} if out.memory else {}
    # One place is of any size, see StreamGraph.
    free_states = {name: {2: f'{name}_height', 3: f'{name}_width'}
                   for name in states}
    shape = {key: inputs[key] for key in ('img_shape', ) if key in inputs}

    def graph(name: str, own: Dict[str, Tensor],
              free: Dict[str, Dict[int, str]]) -> GraphPlan:
        given = {**own, **shape, **states}
        reads = 'image' in own
        return GraphPlan(
            name,
            StreamGraph(model, list(given), out.memory or None,
                        nms['where'] == 'graph', size), given,
            output_names(model, len(states), len(feats), reads),
            {**free, **free_states})

    graphs = [graph('read', dict(image=inputs['image']), dynamic)]
    if model.forecasts:
        maps = {f'map_{i}': each for i, each in enumerate(out.forecast)}
        if compares_with_read(model):
            maps['read_map'] = feats[model.scheduler.level]
        free = {name: {2: f'{name}_height', 3: f'{name}_width'}
                for name in maps} if dynamic else {}
        graphs.append(graph('forecast', maps, free))
    stream = dict(
        policy=model.policy, scheduler=model.scheduler is not None,
        states={name: each.shape[1] for name, each in states.items()})
    return ExportPlan('stream', graphs, spec, box_facts(kind, head),
                      thresholds(head.test_cfg, nms), dict(stream=stream))
