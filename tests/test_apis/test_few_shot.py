import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmdet.apis import inference_detector
from mmengine.config import Config

from mmextra.apis import init_few_shot_detector, process_support_images

ROOT = Path(__file__).parents[2]
PAGE = ROOT / 'docs' / 'few_shot.md'


# Not shared: inference on arrays changes the pipeline in the model's config.
@pytest.fixture
def config():
    cfg = Config.fromfile(ROOT / 'configs' / 'gcn_fsod' / 'synthetic.py')
    cfg.merge_from_dict(dict(model=dict(
        backbone=dict(base_channels=8),
        rpn_head=dict(in_channels=32, feat_channels=32,
                      gcn=dict(gcn_channels=(16, 32))),
        roi_head=dict(bbox_roi_extractor=dict(out_channels=32),
                      bbox_head=dict(in_channels=32)),
        test_cfg=dict(rcnn=dict(score_thr=0.)))))
    return cfg


@pytest.fixture
def model(config):
    torch.manual_seed(0)
    return init_few_shot_detector(config, device='cpu')


def picture(seed, size=(90, 120)):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (*size, 3), np.uint8)


def test_own_classes_by_name(model, tmp_path):
    path = str(tmp_path / 'mug.png')
    cv2.imwrite(path, picture(0))
    process_support_images(
        model, [path, picture(1), picture(2, (40, 40))],
        ['mug', 'mug', 'lamp'], [(5, 5, 60, 50), (0, 0, 20, 80),
                                 (2, 2, 30, 30)])
    assert model.dataset_meta['classes'] == ('mug', 'lamp')
    assert list(model.support_bank) == [0, 1]
    found = inference_detector(model, picture(3)).pred_instances
    assert set(found.labels.tolist()) == {0, 1}
    before = found.scores
    # Others replace them; a whole picture is a support too.
    process_support_images(model, [picture(4)], [1], classes=('x', 'y'))
    assert list(model.support_bank) == [1]
    found = inference_detector(model, picture(3)).pred_instances
    assert set(found.labels.tolist()) == {1}
    assert not torch.equal(found.scores[:5], before[:5])


def test_the_same_bank_as_the_hook_makes(model, config, tmp_path):
    """Whole path: what the support data set crops is cropped here."""
    from types import SimpleNamespace

    from mmdet.registry import DATASETS, HOOKS

    from mmextra.synthetic import make_toys
    root = tmp_path / 'toys'
    make_toys(root, num_train=40, num_val=1, num_test=1)
    dataset = DATASETS.build(dict(
        config.support_hook.dataset, data_root=str(root), num_base_shots=1))
    hook = HOOKS.build(dict(type='SupportInitHook', dataset=dataset))
    loader = SimpleNamespace(dataset=dataset)
    hook.before_test_epoch(SimpleNamespace(
        model=model, test_dataloader=loader))
    want = model.support_bank
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    process_support_images(
        model, [info['img_path'] for info in infos],
        [info['instances'][0]['bbox_label'] for info in infos],
        [info['instances'][0]['bbox'] for info in infos],
        dataset.metainfo['classes'])
    assert list(model.support_bank) == list(want) == list(range(16))
    for label, entry in want.items():
        for key, value in entry.items():
            torch.testing.assert_close(model.support_bank[label][key], value)


def test_a_saved_bank_is_loaded(model, config, tmp_path):
    process_support_images(model, [picture(0)], ['mug'])
    path = str(tmp_path / 'with_bank.pth')
    torch.save(dict(state_dict=model.state_dict(),
                    meta=dict(dataset_meta=dict(classes=('mug', ))),
                    support_bank=model.support_bank), path)
    again = init_few_shot_detector(config, path, device='cpu')
    torch.testing.assert_close(again.support_bank[0]['map'],
                               model.support_bank[0]['map'])
    assert len(inference_detector(again, picture(3)).pred_instances) > 0


@pytest.mark.parametrize('args, kwargs, text', [
    ((2, ['a']), {}, 'one label'),
    ((0, []), {}, 'one label'),
    ((1, ['a']), dict(bboxes=[]), 'one label'),
    ((1, ['a']), dict(bboxes=[(50, 5, 20, 40)]), 'x1 < x2'),
    ((1, ['a']), dict(bboxes=[(500, 5, 520, 40)]), 'outside of the image'),
    ((1, ['a']), dict(classes=('b', )), "'a'"),
    ((1, [2]), dict(classes=('a', 'b')), 'label 2')])
def test_bad_input(model, args, kwargs, text):
    number, labels = args
    with pytest.raises(ValueError, match=text):
        process_support_images(
            model, [picture(i) for i in range(number)], labels, **kwargs)
    with pytest.raises(FileNotFoundError, match='nowhere'):
        process_support_images(model, ['nowhere.png'], ['a'])


def test_example_of_the_page(model, config, tmp_path, monkeypatch, capsys):
    """The text of the page runs, on pictures of these names."""
    code, = [block for block in re.findall(
        r'```python\n(.*?)```', PAGE.read_text(), flags=re.S)
        if 'process_support_images' in block]
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(re.findall(r"'(\w+\.jpg)'", code)):
        cv2.imwrite(name, picture(number, (240, 240)))
    found_config, checkpoint = re.findall(
        r"'([\w/-]+\.(?:py|pth))'", code)
    assert (ROOT / found_config).is_file()
    for path in (found_config, checkpoint):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    config.dump(found_config)
    torch.save(dict(state_dict=model.state_dict(), meta=dict(
        dataset_meta=dict(classes=('star', )))), checkpoint)
    exec(compile(code, PAGE.name, 'exec'), {})
    assert "('mug', 'lamp')" in capsys.readouterr().out
