"""Exported graphs find what the models in PyTorch find, without PyTorch."""
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

import mmextra_runtime
from mmextra.apis.export import (
    ExportError,
    Options,
    compare,
    export_built,
    verify,
)
from mmextra.apis.export.verify import as_detections, eager_detections
from mmextra.apis.stream_detector import StreamDetector, frame_pipeline
from tests import export_helpers as make

RETINA = 'rotated_retinanet/rotated-retinanet-rbox-le90_r50_fpn_1x_dota.py'
FCOS = 'rotated_fcos/rotated-fcos-le90_r50_fpn_1x_dota.py'
FRAMES = [(120, 160)] * 5
FAMILIES = dict(
    lcb_yolov5=make.dense_lcb,
    larsd=make.larsd,
    larsd_classes=lambda: make.larsd(num_classes=3, loss_cls=dict(
        type='ObjectnessClassLoss', use_sigmoid=True)),
    lasa_retina=lambda: make.lasa_on(RETINA, dict(type='LASARetinaHead')),
    lasa_fcos=lambda: make.lasa_on(
        FCOS, dict(type='LASAHead', base='RotatedFCOSHead'), 'diamond13'),
    lesions=make.lesions,
    ct_classes=make.ct_classes,
    faster_rcnn=make.faster_rcnn,
    stream=make.stream,
    few_shot=make.few_shot)
OTHERS = dict(calm_stream=lambda: make.stream(logits=.2))
LOAD = dict(stream=dict(policy=dict(mode='alternate', interval=2)))
# Runs every folder where nothing but the runtime can be imported.
GUARDED = """
import sys
for name in ('torch', 'mmcv', 'mmdet', 'mmengine', 'mmrotate', 'mmextra',
             'onnx', 'scipy', 'PIL'):
    sys.modules[name] = None
import json
import numpy as np
from mmextra_runtime import load, read_image
found = {{}}
for name, job in json.loads({jobs!r}).items():
    runner = load(job['folder'], **job['load'])
    if runner.task == 'few_shot':
        runner.show(job['images'][:2], ['a', 'b'])
    results = [(runner.step if runner.task == 'stream' else runner)(
        read_image(path)) for path in job['images']]
    boxes = [getattr(each, 'rois', each) for each in results]
    for i, each in enumerate(boxes):
        found[f'{{name}}_{{i}}_boxes'] = each.boxes
        found[f'{{name}}_{{i}}_scores'] = each.scores
np.savez({out!r}, **found)
"""


@pytest.fixture(scope='module')
def images(tmp_path_factory):
    return make.write_images(tmp_path_factory.mktemp('images'),
                             make.SIZES)


@pytest.fixture(scope='module')
def frames(tmp_path_factory):
    return make.write_images(tmp_path_factory.mktemp('frames'), FRAMES)


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    """Models and their folders by family, each made when it is needed."""
    done = {}

    def get(name):
        if name not in done:
            torch.manual_seed(0)
            model = {**FAMILIES, **OTHERS}[name]()
            folder = tmp_path_factory.mktemp(name)
            export_built(model, model.cfg, folder)
            done[name] = model, folder
        return done[name]

    return get


@pytest.mark.parametrize('name', FAMILIES)
def test_graph_and_torch_agree(exported, images, frames, name):
    model, folder = exported(name)
    runner = mmextra_runtime.load(folder, **LOAD.get(name, {}))
    found = verify(model, runner, frames if name == 'stream' else images)
    assert found['boxes'] >= 20, found
    assert found['matched'] == found['boxes'], found
    assert found['box_px'] < 0.5 and found['score'] < 1e-3
    assert found['mask_pixels'] < 0.01
    assert found.get('logit', 0) < 1e-3
    if name == 'stream':
        assert found['forecasts'] == 1
    if name == 'few_shot':
        model.support_bank = {}


@pytest.mark.parametrize('options', [
    dict(rpn_power=.5), dict(rpn_power=.5, rival_iou=.3)])
def test_scores_of_few_shot_detectors(images, tmp_path, options):
    torch.manual_seed(0)
    model = make.few_shot()
    model.roi_head.test_cfg.update(options)
    export_built(model, model.cfg, tmp_path)
    found = verify(model, mmextra_runtime.load(tmp_path), images)
    assert found['matched'] == found['boxes'] >= 20
    assert found['score'] < 1e-3


@pytest.mark.parametrize('policy', [
    dict(mode='change', threshold=1e-3), dict(mode='change', threshold=9.),
    dict(mode='change', threshold=9., between='move'),
    dict(mode='alternate', interval=3, between='repeat'),
    dict(mode='alternate', interval=3, between='move')])
def test_stream_decides_and_shows_the_same(exported, frames, policy):
    """Also where frames are passed over, and ahead of time."""
    model, folder = exported('calm_stream')
    runner = mmextra_runtime.load(folder, policy=policy)
    found = verify(model, runner, [*frames, *frames[:4]])
    assert found['boxes'] >= 20 and found['matched'] == found['boxes']
    assert found['box_px'] < 0.5
    skipped = runner.stats['forecasts']
    assert (skipped > 0) == (policy.get('threshold') != 1e-3)
    with DefaultScope.overwrite_default_scope('mmdet'):
        eager = StreamDetector(model, frame_pipeline(model.cfg), policy)
    runner.reset()
    for path in frames[:4]:
        assert eager.needs_frame == runner.needs_frame
        image = cv2.imread(str(path))
        eager.step(image), runner.step(image)
        for each in (eager, runner):
            each.skip(1)
        assert vars(eager.stream.policy)['run'] == runner.policy.run
        # Of a frame that is to be read nothing is known ahead.
        if runner.needs_frame and policy.get('between') is None:
            continue
        ahead = compare(as_detections(eager.peek(2).pred_instances),
                        runner.peek(2))
        assert ahead.matched == ahead.boxes and ahead.box < 0.5


def test_what_an_export_cannot_give_is_refused(exported, tmp_path):
    model = make.stream()
    model.scheduler.sees_change = True
    with pytest.raises(ExportError, match='sees_change'):
        export_built(model, model.cfg, tmp_path)
    _, folder = exported('stream')
    runner = mmextra_runtime.load(folder)
    graph = runner.exported.graphs['read']
    graph.outputs = [name for name in graph.outputs if name != 'read_map']
    with pytest.raises(ValueError, match='export the model again'):
        type(runner)(runner.exported, dict(mode='change', threshold=1.))


def test_runner_needs_no_torch(exported, images, frames, tmp_path):
    jobs = {
        name: dict(
            folder=str(exported(name)[1]), load=LOAD.get(name, {}),
            images=[str(path) for path in
                    (frames if name == 'stream' else images)])
        for name in FAMILIES
    }
    out = tmp_path / 'found.npz'
    subprocess.run(
        [sys.executable, '-c',
         GUARDED.format(jobs=json.dumps(jobs), out=str(out))],
        check=True, cwd=make.ROOT)
    found = dict(np.load(out))
    for name, job in jobs.items():
        runner = mmextra_runtime.load(job['folder'], **job['load'])
        if name == 'few_shot':
            runner.show(job['images'][:2], ['a', 'b'])
        for i, path in enumerate(job['images']):
            here = (runner.step if name == 'stream' else runner)(path)
            here = getattr(here, 'rois', here)
            np.testing.assert_allclose(
                found[f'{name}_{i}_boxes'], here.boxes, atol=1e-2)
            np.testing.assert_allclose(
                found[f'{name}_{i}_scores'], here.scores, atol=1e-4)


@pytest.mark.parametrize('name', FAMILIES)
def test_nothing_found_is_no_fault(tmp_path, images, name):
    """Graphs with no box at all: of a trace's example nothing is left."""
    torch.manual_seed(0)
    model = FAMILIES[name]()
    if name == 'lcb_yolov5':
        for conv in model.bbox_head.convs_pred:
            conv.bias.data -= 1e4
    elif hasattr(model, 'bbox_head'):
        # Of anchors of any kind.
        model.bbox_head.test_cfg.score_thr = 2.
    elif name == 'stream':
        model.detector.bbox_head.test_cfg.score_thr = 2.
    elif name == 'few_shot':
        model.roi_head.test_cfg.score_thr = 2.
    else:
        model.test_cfg.rcnn.score_thr = 2.
    export_built(model, model.cfg, tmp_path)
    runner = mmextra_runtime.load(tmp_path)
    if name == 'few_shot':
        runner.show(images[:1], ['a'])
    found = runner.step(images[0]) if name == 'stream' else runner(images[0])
    boxes = getattr(found, 'rois', found)
    assert len(boxes) == 0
    if name == 'lesions':
        assert boxes.masks.shape == (0, 120, 160)
    if name == 'ct_classes':
        rows = torch.zeros(1, model.img_head.num_rois, 5)
        expected = model.img_head(rows)[0].detach().numpy()
        np.testing.assert_allclose(found.logits, expected, atol=1e-5)


def test_masks_of_any_number_of_boxes(tmp_path, images):
    """Of the example there are other boxes, often one or none."""
    torch.manual_seed(0)
    model = make.lesions()
    found = eager_detections(model, images[0])[0]
    threshold = float(np.sort(found.scores)[-7:-5].mean())
    for cfg in (model.test_cfg.rcnn, model.roi_head.test_cfg):
        cfg.score_thr = threshold
    export_built(model, model.cfg, tmp_path)
    runner = mmextra_runtime.load(tmp_path)
    counts = set()
    for path in images:
        first, second = eager_detections(model, path)[0], runner(path)
        difference = compare(first, second)
        assert difference.matched == difference.boxes == len(second)
        assert difference.pixels < 0.01
        counts.add(len(first))
    assert len(counts) > 1 and max(counts) > 2


def test_suppression_in_the_runner_is_that_of_the_graph(exported, images,
                                                        tmp_path):
    model, folder = exported('lcb_yolov5')
    export_built(model, model.cfg, tmp_path, Options(nms='runner'))
    inside, outside = (mmextra_runtime.load(each)
                       for each in (folder, tmp_path))
    assert outside.meta['test']['nms']['where'] == 'runner'
    for path in images:
        first, second = inside(path), outside(path)
        difference = compare(first, second)
        assert len(first) == len(second) > 20
        assert difference.matched == difference.boxes


def test_free_sizes_and_batches(exported, images, tmp_path):
    model, folder = exported('lcb_yolov5')
    report = export_built(model, model.cfg, tmp_path, Options(dynamic=True))
    assert report['graphs']['model']['inputs']['image'] == [
        'batch', 3, 'height', 'width']
    fixed, free = (mmextra_runtime.load(each) for each in (folder, tmp_path))
    # All at once, in one run; and in an input of another size.
    for single, found in zip([fixed(path) for path in images], free(images)):
        difference = compare(single, found)
        assert difference.matched == difference.boxes == len(found) > 20
    free.meta['preprocess'].update(resize=None, pad=dict(divisor=32))
    image = cv2.imread(str(images[0]))
    large = np.tile(image, (2, 2, 1))
    tensor = torch.from_numpy(
        np.ascontiguousarray(large[..., ::-1])).permute(2, 0, 1)[None] / 255.
    tensor = torch.nn.functional.pad(tensor, (0, 0, 0, 16), value=0)
    with torch.no_grad():
        eager = model.bbox_head.predict_by_feat(
            *model.bbox_head(model.extract_feat(tensor)),
            batch_img_metas=[dict()], rescale=False)[0]
    found = free(large)
    assert len(found) == len(eager)
    np.testing.assert_allclose(found.scores, eager.scores, atol=1e-4)


def test_half_precision(exported, images, tmp_path):
    model, folder = exported('larsd')
    export_built(model, model.cfg, tmp_path, Options(fp16=True))
    sizes = [(each / 'model.onnx').stat().st_size
             for each in (folder, tmp_path)]
    assert sizes[1] < 0.7 * sizes[0]
    single, half = (mmextra_runtime.load(each)(images[0])
                    for each in (folder, tmp_path))
    assert abs(len(single) - len(half)) <= 0.1 * len(single)
    np.testing.assert_allclose(single.scores[:5], half.scores[:5], atol=.01)


