import json
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.fileio import dump

from mmextra.evaluation.error_analysis import (
    KINDS,
    analyze,
    scenes_from_coco,
    scenes_from_results,
)
from mmextra.evaluation.formats import write_detections
from tests.helpers import ROOT, load_tool
from tests.scene_helpers import CLASSES, random_scenes, scene

tool = load_tool('analysis_tools/analyze_errors.py')


@pytest.fixture
def coco(tmp_path):
    """Images, ground truth and detections of the random scenes."""
    scenes = random_scenes(np.random.default_rng(0), 6)
    images, truth = [], []
    (tmp_path / 'images').mkdir()
    for k, each in enumerate(scenes, 1):
        each.found.image, each.found.image_id = f'{k}.png', k
        cv2.imwrite(str(tmp_path / 'images' / f'{k}.png'),
                    np.full((200, 200, 3), 90, np.uint8))
        images.append(dict(id=k, file_name=f'{k}.png', width=200, height=200))
        for box, label in zip(each.boxes, each.labels):
            truth.append(dict(
                id=len(truth) + 1, image_id=k, category_id=int(label) + 1,
                iscrowd=0, bbox=[*box[:2], *(box[2:] - box[:2])]))
    (tmp_path / 'val.json').write_text(json.dumps(dict(
        images=images, annotations=truth, categories=[
            dict(id=k + 1, name=name) for k, name in enumerate(CLASSES)])))
    write_detections([each.found for each in scenes], 'coco', tmp_path)
    return tmp_path, scenes


def test_page_of_coco_files(coco, capsys):
    folder, scenes = coco
    tool.main([str(folder / 'detections.coco.json'), '--ann',
               str(folder / 'val.json'), '--images', str(folder / 'images'),
               '--out-dir', str(folder / 'out'), '--worst', '4'])
    expected = analyze(scenes, CLASSES)
    written = json.loads((folder / 'out' / 'analysis.json').read_text())
    assert written['ap'] == pytest.approx(expected['ap'], abs=1e-3)
    assert written['counts'] == expected['counts']
    assert f'AP50 {100 * written["ap"]:.1f}' in capsys.readouterr().out
    text = (folder / 'out' / 'index.html').read_text()
    HTMLParser().feed(text)
    for word in (*KINDS, *CLASSES, 'small'):
        assert word in text
    assert 'Angle' not in text
    sheet = cv2.imread(str(folder / 'out' / 'worst.png'))
    assert sheet.shape == (840, 1260, 3)
    # Something is drawn in every one of the four.
    for y, x in ((0, 0), (0, 420), (0, 840), (420, 0)):
        part = sheet[y + 4:y + 416, x + 4:x + 416].reshape(-1, 3)
        assert len(np.unique(part, axis=0)) > 3
    assert cv2.imread(str(folder / 'out' / 'analysis.png')).std() > 10


def test_rotated_boxes_and_masks_of_coco_files(tmp_path):
    rboxes = [((60, 60, 80, 20, .7), 0)]
    each = scene([((61, 60, 80, 20, .7), 0, .9)], rboxes)
    corners = each.found.corners[0].ravel().tolist()
    mask = np.zeros((1, 200, 200), bool)
    mask[0, 20:40, 20:60] = True
    (tmp_path / 'val.json').write_text(json.dumps(dict(
        images=[dict(id=1, file_name='x.png', width=200, height=200)],
        categories=[dict(id=4, name='a')],
        annotations=[dict(id=1, image_id=1, category_id=4, iscrowd=0,
                          bbox=[20, 20, 40, 20], segmentation=[corners])])))
    (tmp_path / 'found.json').write_text(json.dumps([
        dict(image_id=1, category_id=4, score=.8, bbox=[20, 20, 40, 20],
             segmentation=[corners])]))
    for kind in ('rbox', 'segm', 'bbox'):
        scenes, classes = scenes_from_coco(
            tmp_path / 'val.json', tmp_path / 'found.json', kind)
        result = analyze(scenes, classes)
        assert result['ap'] == pytest.approx(1), kind
        assert ('angle' in result) == (kind == 'rbox')


def test_results_of_the_stock_test(harbour, tmp_path):
    cfg = Config.fromfile(ROOT / 'configs' / 'larsd' / 'synthetic.py')
    cfg.test_dataloader.dataset.data_root = f'{harbour}/'
    path = tmp_path / 'config.py'
    cfg.dump(path)
    from mmdet.registry import DATASETS
    from mmengine.registry import init_default_scope
    from mmrotate.structures.bbox import qbox2rbox
    init_default_scope('mmrotate')
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    results = []
    for k in range(len(dataset)):
        info = dataset.get_data_info(k)
        quads = torch.tensor([each['bbox'] for each in info['instances']])
        results.append(dict(
            img_id=info['img_id'], ori_shape=(128, 128),
            pred_instances=dict(
                bboxes=qbox2rbox(quads), scores=torch.ones(len(quads)),
                labels=torch.zeros(len(quads), dtype=torch.long))))
    dump(results, str(tmp_path / 'results.pkl'))
    scenes, classes = scenes_from_results(path, tmp_path / 'results.pkl')
    result = analyze(scenes, classes)
    assert classes == ('ship', ) and result['ap'] == pytest.approx(1)
    assert sum(row['objects'] for row in result['angle'].values()) == sum(
        (~each.ignored).sum() for each in scenes) > 0
    dump(results[1:], str(tmp_path / 'short.pkl'))
    with pytest.raises(ValueError, match='short.pkl has no image'):
        scenes_from_results(path, tmp_path / 'short.pkl')


@pytest.mark.parametrize('content, message', [
    ([dict(image_id=1)], 'found.json holds no detections'),
    ([dict(image_id=9, category_id=1, score=1, bbox=[0, 0, 1, 1])],
     'entry 0: image_id 9 is not in .*val.json'),
    ([dict(image_id=1, category_id=9, score=1, bbox=[0, 0, 1, 1])],
     'category_id 9'),
])
def test_foreign_results_are_named(coco, content, message):
    folder, _ = coco
    (folder / 'found.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        scenes_from_coco(folder / 'val.json', folder / 'found.json')


def test_no_images():
    with pytest.raises(ValueError, match='no images'):
        analyze([], CLASSES)


def test_missing_file_is_told_in_one_line(tmp_path):
    with pytest.raises(SystemExit, match='analyze_errors.py: .*val.json'):
        tool.main([str(tmp_path / 'none.json'), '--ann',
                   str(tmp_path / 'val.json')])
