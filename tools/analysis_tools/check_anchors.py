"""Tell how many training boxes the anchors of a YOLO config can match.

A box is matched by an anchor when both sides differ by less than a factor
of 4. With almost all of the boxes matched there is nothing to gain from other
anchors; kmeans_anchors.py --groups 1 --clusters 9 proposes some otherwise.

Example:
    python tools/analysis_tools/check_anchors.py configs/lcb_yolov5/visdrone.py
"""
import argparse
import sys
from pathlib import Path
from typing import List, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from kmeans_anchors import (  # noqa: E402
    GOOD_RECALL,
    fit_of,
    training_shapes,
    yolo_generator,
)
from mmengine.config import Config, DictAction  # noqa: E402


def main(argv: Optional[List[str]] = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction,
                        help='override parts of the config, key=value')
    args = parser.parse_args(argv)
    cfg = Config.fromfile(args.config)
    cfg.merge_from_dict(args.cfg_options or {})
    generator = yolo_generator(cfg)
    if generator is None:
        head = cfg.get('model', {}).get('bbox_head', {}).get('type', 'model')
        sys.exit(f'{args.config}: its {head} has no anchor_generator with '
                 'base_sizes')
    try:
        shapes = training_shapes(cfg)
    except (ValueError, OSError) as error:
        sys.exit(f'check_anchors.py: {error}')
    recall, per_box = fit_of(generator, shapes)
    print(f'\n{len(shapes)} boxes: {100 * recall:.2f} % can be matched, by '
          f'{per_box:.2f} anchors on average')
    if recall <= GOOD_RECALL:
        print(f'Other anchors may help: kmeans_anchors.py {args.config} '
              '--groups 1 --clusters 9')


if __name__ == '__main__':
    main()
