from pathlib import Path

import pytest
import torch

from mmextra.models.task_modules.prior_generators import anchor_fit
from mmextra.synthetic import make_aerial
from tests.helpers import load_tool

ROOT = Path(__file__).parents[2]


def test_fit_by_hand():
    wh = torch.tensor([[10., 10.], [39., 39.], [41., 10.], [2., 2.]])
    anchors = torch.tensor([[10., 10.], [30., 30.]])
    recall, per_box = anchor_fit(wh, anchors)
    # Both match the first two, the second the third, none the fourth.
    assert (recall, per_box) == (.75, 1.25)


def test_tool(tmp_path, capsys):
    tool = load_tool('analysis_tools/check_anchors.py')
    make_aerial(tmp_path / 'town', num_train=3, num_val=0, num_test=0,
                image_size=128)
    config = str(ROOT / 'configs' / 'lcb_yolov5' / 'synthetic.py')
    root = f'train_dataloader.dataset.dataset.data_root={tmp_path}/town'
    tool.main([config, '--cfg-options', root])
    large = capsys.readouterr().out
    # Enlarged from 128 to 384 pixels all boxes fit.
    assert '100.00 % can be matched' in large and 'may help' not in large
    sizes = ('model.bbox_head.anchor_generator.base_sizes='
             '[[(300,300)],[(310,310)],[(320,320)]]')
    tool.main([config, '--cfg-options', root, sizes])
    assert 'Other anchors may help' in capsys.readouterr().out
    with pytest.raises(SystemExit, match='folder|not found'):
        tool.main([config, '--cfg-options', root + 'x'])
    with pytest.raises(SystemExit, match='YOLOXHead has no anchor_gen'):
        tool.main([str(ROOT / 'configs/lcb_yolov5/visdrone-yolox_s.py')])
