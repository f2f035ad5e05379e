"""Which regions of CT slices a classification rests on, drawn.

Research only, not a medical device: not for diagnosis or triage.
"""
import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from mmcv.transforms import Compose
from mmdet.models.detectors import BaseDetector
from mmdet.registry import DATASETS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox2roi
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from mmextra.datasets.ct import slice_stem
from mmextra.utils.notices import MEDICAL_NOTICE as NOTICE
from mmextra.visualization import (
    predicted_masks,
    roi_rows,
    score_area,
    score_map,
    top_areas,
)

from ..init_detector import init_detector


def load_images(cfg: Config, ann_file: Optional[str],
                images: Sequence[str], most: int) -> Iterator[dict]:
    """The first images of a list, or of files, as the test pipeline gives
    them."""
    dataset = cfg.test_dataloader.dataset
    if ann_file:
        dataset.ann_file = ann_file
        data = DATASETS.build(dataset)
        for index in range(min(len(data), most)):
            yield data[index]
        return
    pipeline = Compose(dataset.pipeline)
    for path in images[:most]:
        yield pipeline(dict(img_path=path, img_id=slice_stem(Path(path).name)))


def mask_score_map(model: BaseDetector, data: dict,
                   rows: np.ndarray) -> np.ndarray:
    """Map of the raw mask scores of boxes of the original image.

    Args:
        model (BaseDetector): The segmentation model.
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


def mask_threshold(model: BaseDetector) -> float:
    """The probability from which on the model calls a pixel a lesion."""
    return model.test_cfg.rcnn.get('mask_thr_binary', 0.5)


def add_notice(figure: plt.Figure) -> None:
    """Write what every figure has to say below it."""
    figure.supxlabel(NOTICE, fontsize=8)


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
    add_notice(figure)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def draw_panel(image: torch.Tensor, sample: DetDataSample, rows: np.ndarray,
               scores: np.ndarray, masks: np.ndarray, classes: List[str],
               path: Path) -> None:
    """Fig. 2: image (c, h, w) as the pipeline gives it with boxes and the
    predicted masks, map of scores, truth and logits."""
    height, width = sample.img_shape[:2]
    # Without padding; red first.
    pixels = image[:, :height, :width].permute(1, 2, 0).flip(-1).numpy()
    height, width = sample.ori_shape[:2]
    figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout='constrained')
    # Stretched to the original, whose pixels the boxes count.
    axes[0].imshow(pixels, cmap='gray', extent=(0, width, height, 0))
    shade = np.zeros((*masks.shape, 4), np.float32)
    shade[masks] = (1., .2, .2, .4)
    axes[0].imshow(shade)
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
    add_notice(figure)
    for axis, title in zip(axes, ('RoIs and masks', 'raw mask scores')):
        axis.set(title=title, xticks=[], yticks=[])
    figure.savefig(path, dpi=90)
    plt.close(figure)


def show_critical_areas(
        classifier: Sequence[str], out_dir: Path, *,
        segmentation: Optional[Sequence[str]] = None,
        ann_file: Optional[str] = None, images: Sequence[str] = (),
        max_images: int = 100, topk: int = 16, map_topk: int = 8,
        log: bool = False, device: str = 'cpu') -> None:
    """Write and draw which RoIs of images a classification rests on.

    Args:
        classifier (Sequence[str]): Config and checkpoint.
        out_dir (Path): Folder to write into.
        segmentation (Sequence[str], optional): Config and checkpoint of the
            model whose mask scores are drawn.
        ann_file (str, optional): List of images; else ``images``.
        images (Sequence[str]): Image files.
        max_images (int): Take the first ones only.
        topk (int): RoIs in the left plots.
        map_topk (int): RoIs in the map.
        log (bool): Logarithmic counts in the histograms.
        device (str): Where the models run.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If two images would be written to one file, or a
            checkpoint is of another model.
    """
    plt.switch_backend('Agg')
    cfg = Config.fromfile(classifier[0])
    model: Any = init_detector(cfg, classifier[1], device=device)
    seg: Any = None
    if segmentation:
        seg = init_detector(segmentation[0], segmentation[1], device=device)
    classes = cfg.test_dataloader.dataset.get('metainfo', {}).get(
        'image_classes') or DATASETS.get(
            cfg.test_dataloader.dataset.type).METAINFO['image_classes']
    out_dir.mkdir(parents=True, exist_ok=True)
    written: Dict[Path, str] = {}
    for data in load_images(cfg, ann_file, images, max_images):
        with torch.no_grad():
            sample = model.test_step(pseudo_collate([data]))[0]
        rows = roi_rows(sample)
        truth = sample.get('img_label')
        label = int(sample.pred_img_label)
        target = out_dir / str(sample.img_id).replace('/', '_')
        if written.setdefault(target, sample.img_path) != sample.img_path:
            raise ValueError(
                f'{written[target]} and {sample.img_path} would both be '
                f'written to {target}.json; give them different names, or '
                'each a run with its own --out-dir')
        Path(f'{target}.json').write_text(json.dumps(dict(
            notice=NOTICE,
            image=Path(sample.img_path).name,
            truth=None if truth is None else classes[truth],
            predicted=classes[label],
            logits=dict(zip(classes, sample.pred_img_logits.tolist())),
            num_valid=sample.num_valid_rois,
            rois=top_areas(sample)), indent=1) + '\n')
        draw_areas(rows, topk, Path(f'{target}_areas.png'), log)
        if seg is not None:
            best = rows[:map_topk]
            scores = mask_score_map(seg, data, best)
            np.save(f'{target}_map.npy', scores)
            masks = predicted_masks(
                scores, best[:, 1:], mask_threshold(seg))
            draw_panel(data['inputs'], sample, best, scores, masks, classes,
                       Path(f'{target}_panel.png'))
        print(f'{target.name}: {classes[label]}, {len(rows)} RoIs, best '
              f'score {rows[:, 0].max(initial=0):.3f}', flush=True)
