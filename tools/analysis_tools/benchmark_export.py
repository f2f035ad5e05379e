"""Time of exported graphs beside the models in PyTorch, one thread.

    python tools/analysis_tools/benchmark_export.py \
        configs/lcb_yolov5/visdrone-yolov5s.py configs/larsd/hrsd-fast.py
    python tools/analysis_tools/benchmark_export.py CONFIG --image photo.jpg

Weights are random, for they do not change the time of the network; of its
boxes as many pass the threshold as ``--candidates`` says, so that the
suppression's share is that of a trained model. Frames of PyTorch and graph
take turns, and the ratio is the median over the turns. Of a stream the
forecast step is compared with the read step.
"""
import argparse
import json
import tempfile
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
import cv2
import numpy as np
import torch
from mmengine.config import Config

from mmextra.apis.export import Options, export_built, load_model
from mmextra.apis.export.preprocess import test_pipeline
from mmextra.apis.export.quantize import quantize
from mmextra.apis.export.speed import detector_speed, let_pass, stream_speed
from mmextra.utils.untrained_model import load_config
from mmextra_runtime import load, read_image


def resize_to(cfg: Config, side: int) -> None:
    """Let a config's test pipeline resize to another side."""
    for step in test_pipeline(cfg):
        if step['type'].endswith('Resize'):
            step['scale'] = (side, side)


def run(args: argparse.Namespace) -> None:
    """Export to a temporary folder, time, print."""
    torch.set_num_threads(1)
    noise = np.random.default_rng(0).integers(
        0, 255, (args.size, args.size, 3), dtype=np.uint8)
    for config in args.config:
        cfg = load_config(config)
        if args.scale:
            resize_to(cfg, args.scale)
        model, cfg = load_model(cfg)
        with tempfile.TemporaryDirectory() as folder:
            path = args.image or f'{folder}/noise.png'
            if not args.image:
                cv2.imwrite(path, noise)
            if args.candidates:
                let_pass(model, path, args.candidates)
            image = read_image(path)
            report = export_built(model, cfg, f'{folder}/out',
                                  Options(args.opset))
            if args.int8:
                quantize(f'{folder}/out', path)
            stream = report['task'] == 'stream'
            more = dict(policy=dict(mode='alternate')) if stream else {}
            runner = load(f'{folder}/out', args.provider, threads=1, **more)
            result = stream_speed(runner, image, args.rounds) if stream else \
                detector_speed(model, runner, image, args.rounds)
        print(json.dumps(dict(
            config=str(config), provider=args.provider,
            **{key: round(value, 3) for key, value in result.items()})),
            flush=True)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description='Time exported graphs beside PyTorch')
    parser.add_argument('config', nargs='+')
    parser.add_argument('--image', help='by default an image of noise')
    parser.add_argument('--size', type=int, default=640,
                        help='side of the image of noise')
    parser.add_argument('--scale', type=int,
                        help="side of the network's input; by default the "
                        "config's")
    parser.add_argument('--candidates', type=int, default=0,
                        help='boxes that reach the suppression of a single '
                        "stage; 0 leaves the config's threshold")
    parser.add_argument('--int8', action='store_true',
                        help='convolutions in eight bits, ranges from the '
                        'same image')
    parser.add_argument('--rounds', type=int, default=15)
    parser.add_argument('--opset', type=int, default=17)
    parser.add_argument('--provider', default='cpu')
    args = parser.parse_args(argv)
    try:
        run(args)
    except (FileNotFoundError, ValueError) as error:
        parser.exit(1, f'benchmark_export: {error}\n')


if __name__ == '__main__':
    main()
