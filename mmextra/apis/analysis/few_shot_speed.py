"""Time and memory of the local correspondence and of few-shot detectors."""
import statistics
from functools import partial
from typing import (
    Any,
    Callable,
    Dict,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.config import Config
from torch import Tensor

from mmextra.evaluation.speed import peak_memory, take_turns, time_call
from mmextra.models.layers import LocalCorrespondenceGCN
from mmextra.models.layers.local_correspondence_gcn import Implementation
from mmextra.models.layers.support import SupportFeatures
from mmextra.utils.untrained_model import build_untrained

Steps = Dict[str, Callable[[], object]]


class GraphSizes(NamedTuple):
    """What the graph convolution is measured on.

    Attributes:
        query: Nodes of the query, n.
        support: Nodes of a support, m.
        channels: Of the features, C.
        width: Of the hidden layer.
        classes: Number of supports in a test.
        dense_classes: Number of supports that the dense forms are measured
            on.
        pairs: Of query and support in training.
        chunk: Supports that the shared forms multiply at once.
    """

    query: int = 4200
    support: int = 400
    channels: int = 1024
    width: int = 256
    classes: int = 20
    dense_classes: int = 2
    pairs: int = 1
    chunk: Optional[int] = None


def _seconds(step: Callable[[], object]) -> float:
    return time_call(step)['cpu']


def measure(steps: Steps, rounds: int,
            per: Optional[Dict[str, int]] = None,
            differences: Optional[Dict[str, List[float]]] = None
            ) -> List[dict]:
    """Process time and memory of steps that take turns.

    Args:
        steps (dict): Name to what to measure.
        rounds (int): Of which the median is taken.
        per (dict, optional): What the time of each is divided by.
        differences (dict, optional): Relative differences to show.

    Returns:
        list[dict]: ``form``, ``seconds``, ``mib``, their ratios to the
        first's and ``differences``.
    """
    per = per or dict.fromkeys(steps, 1)
    readings = dict(zip(steps, take_turns(
        [partial(_seconds, step) for step in steps.values()],
        rounds, warm_up=int(rounds > 1))))
    rows: List[Dict[str, Any]] = []
    for name, step in steps.items():
        row: Dict[str, Any] = dict(
            form=name,
            seconds=statistics.median(readings[name]) / per[name],
            mib=peak_memory(step, 'cpu') / 2**20,
            differences=(differences or {}).get(name, []))
        rows.append(row)
        row.update(
            seconds_ratio=row['seconds'] / rows[0]['seconds'],
            mib_ratio=row['mib'] / rows[0]['mib'])
    return rows


def random_features(sizes: GraphSizes, supports: int,
                    dtype: torch.dtype) -> Tuple[Tensor, List[Tensor]]:
    """Non-negative features with a common part, like those of a backbone."""
    rng = torch.Generator().manual_seed(0)
    common = torch.rand(1, sizes.channels, generator=rng)

    def draw(number: int) -> Tensor:
        noise = torch.rand(number, sizes.channels, generator=rng)
        return ((noise + common)**2).to(dtype)

    return draw(sizes.query), [draw(sizes.support) for _ in range(supports)]


def build_gcn(sizes: GraphSizes,
              impl: Implementation) -> LocalCorrespondenceGCN:
    torch.manual_seed(0)
    return LocalCorrespondenceGCN(
        sizes.channels, (sizes.width, sizes.channels), impl=impl,
        class_chunk=sizes.chunk)


def textbook(query: Tensor, supports: Sequence[Tensor], theta1: Tensor,
             theta2: Tensor, temperature: float, project: Callable) -> Tensor:
    """Eq. 1 and 2 in the plainest way: one whole matrix per class."""
    found = []
    for support in supports:
        nodes = torch.cat([query, support])
        unit = F.normalize(nodes)
        distances = (2 - 2 * unit @ unit.t()).clamp_min(1e-12).sqrt()
        adjacency = torch.exp(-distances / temperature)
        adjacency = adjacency.fill_diagonal_(1.)
        degrees = adjacency.sum(1)
        normalised = adjacency / (degrees[:, None] * degrees[None]).sqrt()
        hidden = torch.relu(normalised @ (nodes @ theta1))
        local = torch.relu(normalised @ (hidden @ theta2))[:len(query)]
        found.append(project(local[None]))
    return torch.cat(found)


def tested_forms(sizes: GraphSizes, rounds: int) -> List[dict]:
    """Many classes, without gradient."""
    query, supports = random_features(sizes, sizes.classes, torch.float32)
    weight = torch.randn(15, sizes.channels) * .01

    def step(impl: Any, number: int, query: Tensor,
             supports: List[Tensor]) -> Callable[[], Tensor]:
        module = build_gcn(
            sizes, 'dense' if impl == 'textbook' else impl).to(
                query.dtype)

        def project(local: Tensor) -> Tensor:
            return F.linear(local, weight.to(local.dtype))

        def run() -> Tensor:
            with torch.no_grad():
                if impl == 'textbook':
                    return textbook(
                        query, supports[:number], module.theta1,
                        module.theta2, module.temperature, project)
                return module(query, supports[:number], project)

        return run

    # Its time and memory per class do not depend on their number.
    numbers = dict(
        textbook=sizes.dense_classes, dense=sizes.dense_classes,
        cache=sizes.classes, stream=sizes.classes)
    differences = {}
    exact = step('dense', 2, query.double(), [s.double() for s in
                                              supports[:2]])()
    for name in numbers:
        found = step(name, 2, query, supports)()
        double = step(name, 2, query.double(), [
            s.double() for s in supports[:2]])()
        differences[name] = [
            ((one - exact).abs().max() / exact.abs().max()).item()
            for one in (found, double)
        ]
    steps: Steps = {name: step(name, number, query, supports)
                    for name, number in numbers.items()}
    return measure(steps, rounds, numbers, differences)


def trained_forms(sizes: GraphSizes, rounds: int) -> List[dict]:
    """Forward and backward of the pairs of one query."""
    steps: Steps = {}
    gradients = {}
    impl: Implementation
    for impl in ('dense', 'block'):
        module = build_gcn(sizes, impl)
        query, supports = random_features(sizes, sizes.pairs, torch.float32)
        leaves = [query.requires_grad_(), *(
            s.requires_grad_() for s in supports)]

        def run(module: LocalCorrespondenceGCN = module,
                leaves: List[Tensor] = leaves) -> Any:
            for leaf in leaves:
                leaf.grad = None
            module(leaves[0], leaves[1:]).square().sum().backward()
            return leaves[0].grad

        steps[impl] = run
        gradients[impl] = run().clone()
    change = (gradients['block'] - gradients['dense']).abs().max() / \
        gradients['dense'].abs().max()
    return measure(steps, rounds, differences=dict(block=[change.item()]))


def _keep_near_anchors(model: Any, features: Sequence[Tensor],
                       side: int) -> None:
    """Scale an untrained RPN's offsets to a deviation of 0.2.

    By chance they are so large that most proposals are as large as the
    picture and fall to NMS; a trained one's boxes stay near the anchors.

    Args:
        model (QuerySupportDetector): Knows its classes.
        features (Sequence[Tensor]): Of one square picture.
        side (int): Of it, in pixels.
    """
    head = model.rpn_head
    bank = SupportFeatures.of_bank(model.support_bank)
    _, deltas = head(features, bank, [0] * len(model.support_bank),
                     [(side, side)])
    head.rpn_reg.weight *= .2 / torch.cat([
        level.flatten() for level in deltas]).std()


def detector_step(path: str, classes: int,
                  image_size: Sequence[int]) -> Callable[[], object]:
    """One picture through a detector that knows as many classes.

    Args:
        path (str): The config.
        classes (int): How many.
        image_size (Sequence[int]): Height and width in pixels.

    Returns:
        Callable: Runs it once.
    """
    torch.manual_seed(0)
    model = build_untrained(Config.fromfile(path))
    model.init_weights()
    model.eval()
    rng = torch.Generator().manual_seed(0)
    head = model.rpn_head
    with torch.no_grad():
        features = model.extract_feat(torch.rand(
            1, 3, 320, 320, generator=rng) * 255 - 120)
        rois = torch.tensor([[0., 16, 16, 304, 304]])
        roi = model.roi_head.extract_rois(features, rois)[0]
        one = features[0][0]
        if head.support_feat == 'roi':
            one = model.roi_head.bbox_roi_extractor(features, rois)[0]

        def other(tensor: Tensor) -> Tensor:
            noise = torch.rand(tensor.shape, generator=rng)
            return tensor * (.5 + noise)

        for label in range(classes):
            own = other(one)
            model.support_bank[label] = dict(
                map=own, vec=own.mean((1, 2)), roi=other(roi))
        _keep_near_anchors(model, features, 320)
    image = torch.randint(0, 256, (3, *image_size), generator=rng,
                          dtype=torch.uint8)

    def run() -> object:
        sample = DetDataSample(metainfo=dict(
            img_shape=tuple(image_size), ori_shape=tuple(image_size),
            scale_factor=(1., 1.), img_id=0))
        with torch.no_grad():
            return model.test_step(dict(inputs=[image],
                                        data_samples=[sample]))

    return run
