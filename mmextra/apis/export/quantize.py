"""Convolutions of an exported detector in eight bits."""
import json
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Set, Union

import numpy as np

from mmextra_runtime import load, read_image
from mmextra_runtime.images import Prepared
from mmextra_runtime.meta import META

from .onnx_file import required_package
from .plan import ExportError
from .verify import find_images

CALIBRATION_IMAGES = 16
# Beyond it values are clipped: the largest of all would coarsen the rest.
PERCENTILE = 99.999


class _Inputs:
    """What the graph is shown to learn its ranges, one image at a time."""

    def __init__(self, feeds: Iterator[Dict[str, np.ndarray]]) -> None:
        self.feeds = feeds

    def get_next(self) -> Any:
        """The next inputs, None after the last."""
        return next(self.feeds, None)


def last_convolutions(graph: Any) -> Set[str]:
    """Names of the convolutions that no other one follows.

    They predict; in eight bits a box would have 256 places.

    Args:
        graph (onnx.GraphProto): The graph.

    Returns:
        set[str]: Their names.
    """
    users: Dict[str, List[Any]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    leads: Dict[int, bool] = {}
    # From the end: what stands before is computed before.
    for node in reversed(graph.node):
        leads[id(node)] = any(
            user.op_type == 'Conv' or leads[id(user)]
            for name in node.output for user in users.get(name, ()))
    return {node.name for node in graph.node
            if node.op_type == 'Conv' and not leads[id(node)]}


def _feeds(inputs: Sequence[Prepared], names: Set[str]
           ) -> Iterator[Dict[str, np.ndarray]]:
    """What the graph takes of each image, padded as in one batch, for
    histograms are of maps of one size."""
    sides = np.max([each.blob.shape[2:] for each in inputs], 0)
    for each in inputs:
        rest = [(0, whole - own)
                for whole, own in zip(sides, each.blob.shape[2:])]
        feed = dict(image=np.pad(each.blob, [(0, 0), (0, 0), *rest]),
                    img_shape=np.array(each.img_shape, np.int64))
        yield {key: feed[key] for key in feed if key in names}


def quantize(folder: Union[str, Path], images: Union[str, Path],
             limit: int = CALIBRATION_IMAGES) -> int:
    """Replace a detector's graph by one with convolutions in eight bits.

    Weights have a scale per channel, maps one that is read off ``images``;
    the convolutions that predict, and everything but convolutions, stay in
    single precision.

    Args:
        folder (str or Path): As :func:`~.exporter.export_model` wrote it.
        images (str or Path): A file or a folder of typical images.
        limit (int): Take so many of them.

    Returns:
        int: Images that the ranges were read off.

    Raises:
        ExportError: If the model is no single stage, is in half precision,
            or there are no images, or none that it does anything on.
    """
    tools = required_package('onnxruntime.quantization')
    prepare = required_package(
        'onnxruntime.quantization.shape_inference').quant_pre_process
    onnx = required_package('onnx')
    runner = load(folder)
    meta = runner.meta
    if meta['task'] != 'detect':
        raise ExportError(f'--int8 is for single stages; this is for the '
                          f'task {meta["task"]!r}')
    if meta['config'].get('fp16'):
        raise ExportError('--int8 and --fp16 do not go together; give one')
    if meta['config'].get('int8'):
        raise ExportError(f'{folder} is in eight bits already; export anew')
    paths = find_images(images)[:limit]
    path = Path(folder) / meta['graphs']['model']['file']
    if any(node.op_type == 'RoiAlign'
           for node in onnx.load(str(path)).graph.node):
        raise ExportError('--int8 is for single stages: a second stage has '
                          'as many maps as an image has boxes, of which no '
                          'ranges can be read off')
    feeds = _feeds([runner.prepare(read_image(each)) for each in paths],
                   set(meta['graphs']['model']['inputs']))
    with tempfile.TemporaryDirectory() as scratch:
        clean, small = (f'{scratch}/{name}.onnx' for name in ('in', 'out'))
        # Its symbolic shapes need sympy, and nothing here needs them.
        prepare(str(path), clean, skip_symbolic_shape=True)
        try:
            tools.quantize_static(
                clean, small, _Inputs(feeds),
                quant_format=tools.QuantFormat.QDQ, per_channel=True,
                calibrate_method=tools.CalibrationMethod.Percentile,
                extra_options=dict(CalibPercentile=PERCENTILE),
                activation_type=tools.QuantType.QUInt8,
                weight_type=tools.QuantType.QInt8,
                # Other operators would only be turned to and fro.
                op_types_to_quantize=['Conv'],
                nodes_to_exclude=sorted(
                    last_convolutions(onnx.load(clean).graph)))
        except ValueError as error:
            raise ExportError(
                'the ranges of the maps cannot be read off these images '
                f'({error}); give images of what the detector was trained '
                'for, and weights that are trained') from error
        path.write_bytes(Path(small).read_bytes())
    meta['config']['int8'] = len(paths)
    (Path(folder) / META).write_text(json.dumps(meta, indent=1),
                                     encoding='utf-8')
    return len(paths)
