"""Count weights, state and arithmetic of configs, beside the paper's Table 1.

Research only, not a medical device.

"weights" are the parameters, "state" all numbers of a checkpoint (weights,
running statistics and counters of batch normalisation), which the paper
counts. For the truncated models the paper printed the state of the full model
less that of the deleted stages ("paper's way"): the FPN's lateral
convolution then still has the full model's channels, so that the network
cannot be built. For ResNet50's classifier it also counted the deleted mask
head.

Examples:
    python tools/analysis_tools/count_params.py --table1
    python tools/analysis_tools/count_params.py CONFIG --shape 512 512
"""
import argparse
import copy
import json
import sys
from functools import partial
from pathlib import Path
from typing import List, Optional

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import mmextra  # noqa: E402, F401 isort: skip
import torch  # noqa: E402
from mmdet.registry import MODELS  # noqa: E402
from mmdet.structures import DetDataSample  # noqa: E402
from mmengine.analysis import get_model_complexity_info  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.structures import InstanceData  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from mmextra.evaluation.benchmark import model_facts  # noqa: E402
from mmextra.evaluation.references import get_reference  # noqa: E402
from mmextra.utils.untrained_model import build_untrained  # noqa: E402

CONFIGS = ROOT / 'configs' / 'covid_ct_mask_net'
# Rows of Table 1 and the configs that build them.
BACKBONES = dict(
    ResNet50='r50', ResNet18='r18', ResNet18_T1='r18_t1',
    ResNet18_T2='r18_t2', ResNet34='r34', ResNet34_T1='r34_t1',
    ResNet34_T2='r34_t2')
R50 = ROOT / 'configs' / '_base_' / 'models' / 'lesion_mask_rcnn_r50.py'


def state_of(module: torch.nn.Module) -> int:
    """Numbers in a module's state dict."""
    return sum(value.numel() for value in module.state_dict().values())


def paper_state(cfg: dict, model: torch.nn.Module) -> int:
    """The state as the paper counted it.

    Args:
        cfg (dict): Config of the model.
        model (nn.Module): The model of the config.

    Returns:
        int: State of the full model less that of the deleted stages.
    """
    truncation = cfg['backbone'].get('truncation', 0)
    if truncation:
        full_cfg = copy.deepcopy(cfg)
        full_cfg['backbone']['truncation'] = 0
        full_cfg['backbone']['init_cfg'] = None
        backbone = MODELS.build(full_cfg['backbone'])
        full_cfg['neck']['in_channels'] = backbone.out_channels[-1]
        full = MODELS.build(full_cfg)
        deleted = full.backbone.res_layers[-truncation:]
        return state_of(full) - sum(
            state_of(getattr(full.backbone, name)) for name in deleted)
    total = state_of(model)
    if cfg['type'] == 'COVIDCTMaskNet' and cfg['backbone']['depth'] == 50:
        head = Config.fromfile(R50).model.roi_head.mask_head
        head.num_classes = cfg['roi_head']['bbox_head']['num_classes']
        total += state_of(MODELS.build(head))
    return total


def flops_of(model: torch.nn.Module, height: int, width: int) -> float:
    """Multiply-accumulate operations of one forward pass without
    post-processing, as mmengine counts them."""
    sample = DetDataSample(metainfo=dict(
        img_shape=(height, width), ori_shape=(height, width),
        pad_shape=(height, width), batch_input_shape=(height, width),
        scale_factor=(1., 1.), img_path='random'))
    sample.gt_instances = InstanceData()
    image = torch.randint(0, 256, (3, height, width))
    data = model.data_preprocessor(
        dict(inputs=[image], data_samples=[sample]), False)
    model.eval()
    model.forward = partial(model.forward, data_samples=data['data_samples'])
    with torch.no_grad():
        return get_model_complexity_info(
            model, None, inputs=data['inputs'], show_table=False,
            show_arch=False)['flops']


def count(path: Path, shape: Optional[List[int]] = None) -> dict:
    """All counts of a config.

    Args:
        path (Path): The config.
        shape (list[int], optional): Height and width for the operations.

    Returns:
        dict: ``weights``, ``trainable``, ``state``, ``paper_way`` (None for
        models of other backbones) and, with ``shape``, ``gflops``.
    """
    cfg = Config.fromfile(path)
    # How many RoIs are left to count for depends on the weights.
    torch.manual_seed(0)
    model = build_untrained(cfg)
    facts = model_facts(model)
    truncated = cfg.model.backbone.type == 'TruncatedResNet'
    row = dict(
        config=path.stem,
        weights=facts['parameters'],
        trainable=facts['trainable'],
        state=facts['state'],
        paper_way=paper_state(cfg.model, model) if truncated else None)
    if shape:
        row['gflops'] = flops_of(model, *shape) / 1e9
    return row


def table1(shape: Optional[List[int]] = None) -> List[dict]:
    """The 14 rows of Table 1, each with the printed millions."""
    rows = []
    for kind, prefix, dataset in (('seg', 'cncb', 'CNCB'),
                                  ('cls', 'covidx', 'COVIDx-CT')):
        for name, suffix in BACKBONES.items():
            row = count(CONFIGS / f'{prefix}-{suffix}.py', shape)
            reference = get_reference(
                f'covid_ct_mask_net/table1/{kind}_{name}/{dataset}')
            row['printed'] = reference.values[
                'Total parameters'].value
            rows.append(row)
    return rows


def show(rows: List[dict]) -> None:
    """Print the rows as a table."""
    table = Table(title='Research only, not a medical device')
    keys = list(rows[0])
    for key in keys:
        table.add_column(key, justify='left' if key == 'config' else 'right')
    for row in rows:
        table.add_row(*(
            '-' if row[key] is None else f'{row[key]:,}' if isinstance(
                row[key], int) else f'{row[key]:.2f}' if isinstance(
                    row[key], float) else str(row[key]) for key in keys))
    Console(width=120).print(table)


def main(argv: Optional[List[str]] = None) -> List[dict]:
    """Command line; returns the rows."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='*', type=Path)
    parser.add_argument('--table1', action='store_true',
                        help="the paper's 14 models")
    parser.add_argument('--shape', nargs=2, type=int,
                        metavar=('HEIGHT', 'WIDTH'),
                        help='also count operations for this input')
    parser.add_argument('--out', type=Path, help='write the rows as JSON')
    args = parser.parse_args(argv)
    if args.table1 == bool(args.configs):
        parser.error('give configs, or --table1')
    absent = [str(path) for path in args.configs if not path.is_file()]
    if absent:
        parser.error(f'no such file: {", ".join(absent)}')
    rows = table1(args.shape) if args.table1 else [
        count(path, args.shape) for path in args.configs]
    show(rows)
    if args.out:
        args.out.write_text(json.dumps(rows, indent=1) + '\n')
    return rows


if __name__ == '__main__':
    main()
