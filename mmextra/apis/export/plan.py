"""What an export consists of, before it is written."""
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

from torch import Tensor, nn

from mmextra_runtime.support_bank import SupportBank

Size = Tuple[int, int]


class ExportError(ValueError):
    """A model or an option that cannot be exported."""


@dataclass
class GraphPlan:
    """One graph.

    Attributes:
        name: In ``meta.json``; the file is ``<name>.onnx``.
        module: Its ``forward`` takes the inputs in order and returns the
            outputs as a tuple.
        inputs: Examples by name.
        outputs: Names of the outputs.
        dynamic: Dimensions of inputs that are free, with their names.
    """
    name: str
    module: nn.Module
    inputs: Dict[str, Tensor]
    outputs: List[str]
    dynamic: Dict[str, Dict[int, str]] = field(default_factory=dict)


@dataclass
class ExportPlan:
    """All of a model.

    Attributes:
        task: One of ``mmextra_runtime.folder.TASKS``.
        graphs: The graphs.
        preprocess: See :func:`~.preprocess.image_spec`.
        box: Kind of the boxes.
        test: Thresholds and what is left to the runner.
        extra: Further keys of ``meta.json``.
        bank: What a few-shot detector was shown, if anything.
    """
    task: str
    graphs: List[GraphPlan]
    preprocess: Dict[str, Any]
    box: Dict[str, Any]
    test: Dict[str, Any]
    extra: Dict[str, Any] = field(default_factory=dict)
    bank: Optional[SupportBank] = None


@dataclass
class Options:
    """What the user asks for.

    Attributes:
        opset: Version of the operators.
        dynamic: Free sizes of the input, though the pipeline fixes them.
        fp16: Weights and convolutions in half precision.
        nms: ``'graph'``, ``'runner'`` or None for the family's own.
    """
    opset: int = 17
    dynamic: bool = False
    fp16: bool = False
    nms: Optional[str] = None
