"""Writing a planned graph as an ONNX file."""
import inspect
import warnings
from pathlib import Path
from typing import Any, Dict, List

import torch

from mmextra.models.task_modules.traceable import traceable_hosts

from .plan import ExportError, GraphPlan, Options

# RoIAlign's half pixels came with 16; torch's tracing exporter ends at 20.
OPSETS = range(16, 21)
MISSING = ('exporting needs the package {name}, which is missing: '
           'pip install -e ".[export]"')


def check_opset(opset: int) -> None:
    """Refuse versions that cannot be written.

    Raises:
        ExportError: If the version is out of range.
    """
    if opset not in OPSETS:
        raise ExportError(
            f'opset must be {OPSETS[0]} to {OPSETS[-1]}, got {opset}: before '
            'there is no RoIAlign with half pixels, beyond PyTorch traces '
            'no graphs')


def write_graph(plan: GraphPlan, path: Path, options: Options
                ) -> Dict[str, Any]:
    """Trace a module and write its graph.

    Args:
        plan (GraphPlan): What to trace.
        path (Path): The file.
        options (Options): ``opset`` and ``fp16`` count.

    Returns:
        dict: What ``meta.json`` says of the graph.

    Raises:
        ExportError: If an operation has no counterpart in ONNX.
    """
    onnx = required_package('onnx')
    check_opset(options.opset)
    known = inspect.signature(torch.onnx.export).parameters
    # Newer versions of torch trace only when told to.
    settings: Dict[str, Any] = {key: value for key, value in dict(
        dynamo=False, autograd_inlining=False).items() if key in known}
    module = plan.module.eval()
    try:
        with torch.no_grad(), traceable_hosts(), \
                warnings.catch_warnings():
            warnings.simplefilter('ignore')
            torch.onnx.export(
                module, tuple(plan.inputs.values()), str(path),
                input_names=list(plan.inputs), output_names=plan.outputs,
                opset_version=options.opset, dynamic_axes=plan.dynamic,
                **settings)
    except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
        path.unlink(missing_ok=True)
        reason = str(error).strip().splitlines()[0]
        raise ExportError(
            f'{type(module).__name__} cannot be written with opset '
            f'{options.opset}: {reason}') from error
    model = onnx.load(str(path))
    if options.fp16:
        model = to_half(model)
        onnx.save(model, str(path))
    onnx.checker.check_model(model)
    return dict(
        file=path.name, opset=options.opset,
        inputs=[each.name for each in model.graph.input],
        outputs=[each.name for each in model.graph.output])


def to_half(model: Any) -> Any:
    """Convolutions and their neighbours in half precision.

    Inputs, outputs and everything behind the last layers stay in single
    precision: coordinates beyond 2048 pixels have no half ones.

    Args:
        model (onnx.ModelProto): The graph.

    Returns:
        onnx.ModelProto: The converted graph.
    """
    float16 = required_package('onnxruntime.transformers.float16')
    graphs = required_package('onnxruntime.transformers.onnx_model')
    model = float16.convert_float_to_float16(
        model, keep_io_types=True, node_block_list=_outside_layers(model),
        disable_shape_infer=True)
    # It puts casts of weights at the end.
    graphs.OnnxModel(model).topological_sort()
    return model


def _outside_layers(model: Any) -> List[str]:
    """Nodes that belong to no layer; torch names a layer's by its path."""
    heavy = {'Conv', 'ConvTranspose', 'Gemm', 'MatMul'}
    layers = {node.name.rsplit('/', 1)[0] for node in model.graph.node
              if node.op_type in heavy}
    parents = {layer.rsplit('/', 1)[0] for layer in layers
               if layer.count('/') > 2}
    near = layers | parents
    # Weights that are used twice pass an identity.
    return [node.name for node in model.graph.node
            if node.op_type != 'Identity'
            and node.name.rsplit('/', 1)[0] not in near]


def required_package(name: str) -> Any:
    """Import what only an export needs.

    Raises:
        ExportError: If it is not installed.
    """
    import importlib
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ExportError(
            MISSING.format(name=name.split('.')[0])) from error
