"""Show which regions of CT slices a classification rests on.

Research only, not a medical device: not for diagnosis or triage.

For every image: <out-dir>/<name>.json (class, logits, score, label, box and
area of every RoI without replicas), <name>_areas.png (histogram of scores,
areas against scores; of the best RoIs and of all) and, with the segmentation
model, <name>_map.npy (raw mask scores of the best RoIs in one map) and
<name>_panel.png (boxes and scores, map, ground truth, logits). The name is
that of the image without extension, for a volume with the slice (scan#12).

Example:
    python tools/analysis_tools/roi_critical_areas.py \
        configs/covid_ct_mask_net/synthetic-classifier.py \
        work_dirs/synthetic-classifier/epoch_6.pth \
        --list test_COVIDx-CT.txt --max-images 6 \
        --seg-config configs/covid_ct_mask_net/synthetic.py \
        --seg-checkpoint work_dirs/synthetic/epoch_8.pth
"""
import argparse
import json
import sys
from pathlib import Path
from typing import Iterator, List, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mmextra  # noqa: E402, F401 isort: skip
import matplotlib  # noqa: E402

matplotlib.use('Agg')

import numpy as np  # noqa: E402
import torch  # noqa: E402
from matplotlib import pyplot as plt  # noqa: E402
from mmcv.transforms import Compose  # noqa: E402
from mmdet.apis import init_detector  # noqa: E402
from mmdet.registry import DATASETS  # noqa: E402
from mmdet.structures import DetDataSample  # noqa: E402
from mmdet.structures.bbox import bbox2roi  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.dataset import pseudo_collate  # noqa: E402

from mmextra.datasets.ct import slice_stem  # noqa: E402
from mmextra.visualization import (  # noqa: E402
    roi_rows,
    score_area,
    score_map,
    top_areas,
)


def load_images(cfg: Config, args: argparse.Namespace) -> Iterator[dict]:
    """The images as the test pipeline gives them."""
    dataset = cfg.test_dataloader.dataset
    if args.list:
        dataset.ann_file = args.list
        data = DATASETS.build(dataset)
        for index in range(min(len(data), args.max_images)):
            yield data[index]
        return
    pipeline = Compose(dataset.pipeline)
    for path in args.images[:args.max_images]:
        yield pipeline(dict(img_path=path, img_id=slice_stem(Path(path).name)))


def mask_score_map(model: torch.nn.Module, data: dict,
                   rows: np.ndarray) -> np.ndarray:
    """Map of the raw mask scores of boxes of the original image.

    Args:
        model (nn.Module): The segmentation model.
        data (dict): The image, from a test pipeline.
        rows (np.ndarray): (k, 5) score and box.
    """
    batch = model.data_preprocessor(pseudo_collate([data]), False)
    sample = batch['data_samples'][0]
    boxes = torch.from_numpy(rows[:, 1:]).float()
    scale = boxes.new_tensor(sample.scale_factor).repeat(2)
    with torch.no_grad():
        x = model.extract_feat(batch['inputs'])
        logits = model.roi_head._mask_forward(
            x, bbox2roi([boxes * scale]).to(x[0].device))['mask_preds']
    best = logits.max(dim=1).values.cpu()
    return score_map(best, boxes, *sample.ori_shape[:2])


def draw_areas(rows: np.ndarray, topk: int, path: Path, log: bool) -> None:
    """Fig. 3: histogram and scatter plot, of the best RoIs and of all."""
    figure, axes = plt.subplots(1, 4, figsize=(14, 3), layout='constrained')
    for count, (left, right) in ((topk, axes[:2]), (len(rows), axes[2:])):
        scores, areas = score_area(rows, count)
        left.hist(scores, bins=20, range=(0, 1), log=log)
        left.set(title=f'best {len(scores)} RoIs', xlabel='score',
                 ylabel='number')
        right.scatter(scores, areas, s=12)
        right.set(title=f'best {len(scores)} RoIs', xlabel='score',
                  ylabel='area, pixels', xlim=(0, 1))
    figure.savefig(path, dpi=90)
    plt.close(figure)


def draw_panel(image: torch.Tensor, sample: DetDataSample, rows: np.ndarray,
               scores: np.ndarray, classes: List[str], path: Path) -> None:
    """Fig. 2: image (c, h, w) as the pipeline gives it with boxes, map of
    scores, truth and logits."""
    height, width = sample.img_shape[:2]
    # Without padding; red first.
    pixels = image[:, :height, :width].permute(1, 2, 0).flip(-1).numpy()
    height, width = sample.ori_shape[:2]
    figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout='constrained')
    # Stretched to the original, whose pixels the boxes count.
    axes[0].imshow(pixels, cmap='gray', extent=(0, width, height, 0))
    for score, x1, y1, x2, y2 in rows:
        axes[0].add_patch(plt.Rectangle(
            (x1, y1), x2 - x1, y2 - y1, fill=False, color='tab:red'))
        axes[0].text(x1, y1, f'{score:.2f}', color='yellow', fontsize=7)
    figure.colorbar(axes[1].imshow(scores, cmap='viridis'), ax=axes[1])
    axes[2].bar(range(len(classes)), sample.pred_img_logits.cpu().numpy())
    axes[2].set_xticks(range(len(classes)), classes)
    truth = sample.get('img_label')
    axes[2].set_title('logits; truth: ' + (
        'unknown' if truth is None else classes[truth]))
    for axis, title in zip(axes, ('RoIs', 'raw mask scores')):
        axis.set(title=title, xticks=[], yticks=[])
    figure.savefig(path, dpi=90)
    plt.close(figure)


def run(args: argparse.Namespace) -> None:
    cfg = Config.fromfile(args.config)
    model = init_detector(cfg, args.checkpoint, device=args.device)
    seg = None
    if args.seg_config:
        seg = init_detector(
            args.seg_config, args.seg_checkpoint, device=args.device)
    classes = cfg.test_dataloader.dataset.get('metainfo', {}).get(
        'image_classes') or DATASETS.get(
            cfg.test_dataloader.dataset.type).METAINFO['image_classes']
    args.out_dir.mkdir(parents=True, exist_ok=True)
    written = {}
    for data in load_images(cfg, args):
        with torch.no_grad():
            sample = model.test_step(pseudo_collate([data]))[0]
        rows = roi_rows(sample)
        truth = sample.get('img_label')
        label = int(sample.pred_img_label)
        target = args.out_dir / str(sample.img_id).replace('/', '_')
        if written.setdefault(target, sample.img_path) != sample.img_path:
            raise ValueError(
                f'{written[target]} and {sample.img_path} would both be '
                f'written to {target}.json; give them different names, or '
                'each a run with its own --out-dir')
        Path(f'{target}.json').write_text(json.dumps(dict(
            image=Path(sample.img_path).name,
            truth=None if truth is None else classes[truth],
            predicted=classes[label],
            logits=dict(zip(classes, sample.pred_img_logits.tolist())),
            num_valid=sample.num_valid_rois,
            rois=top_areas(sample)), indent=1) + '\n')
        draw_areas(rows, args.topk, Path(f'{target}_areas.png'), args.log)
        if seg is not None:
            best = rows[:args.map_topk]
            scores = mask_score_map(seg, data, best)
            np.save(f'{target}_map.npy', scores)
            draw_panel(data['inputs'], sample, best, scores, classes,
                       Path(f'{target}_panel.png'))
        print(f'{target.name}: {classes[label]}, {len(rows)} RoIs, best '
              f'score {rows[:, 0].max(initial=0):.3f}', flush=True)


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='of the classifier')
    parser.add_argument('checkpoint')
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument('--list', help='list of images, as ann_file')
    which.add_argument('--images', nargs='+', help='image files')
    parser.add_argument('--seg-config', help='of the segmentation model')
    parser.add_argument('--seg-checkpoint')
    parser.add_argument('--topk', type=int, default=16,
                        help='RoIs in the left plots')
    parser.add_argument('--map-topk', type=int, default=8,
                        help='RoIs in the map')
    parser.add_argument('--max-images', type=int, default=100)
    parser.add_argument('--log', action='store_true',
                        help='logarithmic counts in the histograms')
    parser.add_argument('--out-dir', type=Path, default=Path('outputs'))
    parser.add_argument('--device', default='cpu')
    args = parser.parse_args(argv)
    if bool(args.seg_config) != bool(args.seg_checkpoint):
        parser.error('give both --seg-config and --seg-checkpoint, or none')
    try:
        run(args)
    except (ImportError, OSError, ValueError) as error:
        parser.exit(1, f'roi_critical_areas: {error}\n')


if __name__ == '__main__':
    main()
