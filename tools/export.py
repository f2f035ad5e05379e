"""Export a trained model to ONNX, to run it without PyTorch.

    python tools/export.py CONFIG CHECKPOINT --out exported
    python -m mmextra_runtime exported IMAGE --out drawn.png

Writes one or two graphs, ``meta.json`` and ``report.json``. With ``--verify``
the graph is compared with the model in PyTorch on images, with
``--verify-ap`` on the config's test set.
"""
import argparse
import json
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.export import (
    Options,
    export_built,
    load_model,
    verify,
    write_report,
)
from mmextra.apis.export.onnx_file import check_opset
from mmextra.apis.export.quantize import quantize
from mmextra.apis.export.test_set import verify_ap


def run(args: argparse.Namespace) -> None:
    """Export, verify, report."""
    from mmextra_runtime import load
    check_opset(args.opset)
    model, cfg = load_model(args.config, args.checkpoint)
    report = export_built(
        model, cfg, args.out,
        Options(args.opset, args.dynamic, args.fp16, args.nms),
        args.checkpoint)
    if args.int8:
        report['config']['int8'] = quantize(args.out, args.int8)
    if args.verify:
        report['verify'] = verify(model, load(args.out), args.verify,
                                  args.limit)
    if args.verify_ap:
        report['verify_ap'] = verify_ap(model, load(args.out), cfg)
    write_report(args.out, report)
    print(json.dumps(report, indent=1))


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description='Export a trained model to ONNX')
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument('--opset', type=int, default=17,
                        help='version of the operators, 16 to 20')
    parser.add_argument(
        '--dynamic', action='store_true',
        help='free size of the input, and free batch where the model can, '
        'though the test pipeline fixes them')
    parser.add_argument('--fp16', action='store_true',
                        help='layers in half precision')
    parser.add_argument(
        '--int8', metavar='IMAGES',
        help="convolutions of a detector in eight bits, with ranges from "
        'typical images, a file or a folder')
    parser.add_argument(
        '--nms', choices=('graph', 'runner'),
        help='where boxes are suppressed; by default in the graph, of '
        'rotated boxes in the runner')
    parser.add_argument('--verify', metavar='IMAGES',
                        help='compare with PyTorch on an image or a folder')
    parser.add_argument('--limit', type=int, default=0,
                        help='verify on so many images only')
    parser.add_argument(
        '--verify-ap', action='store_true',
        help="compare with PyTorch by the metrics of the config's test set")
    args = parser.parse_args(argv)
    try:
        run(args)
    except (FileNotFoundError, ValueError) as error:
        parser.exit(1, f'export: {error}\n')


if __name__ == '__main__':
    main()
