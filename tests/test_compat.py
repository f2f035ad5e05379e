import collections
import contextlib
import os
import pickle
import sys
import warnings

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.evaluator import BaseMetric
from mmengine.hooks import CheckpointHook
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import Runner, load_checkpoint
from mmengine.structures import InstanceData
from mmrotate.visualization import RotLocalVisualizer
from torch.utils.data import DataLoader

from mmextra import compat
from mmextra.utils import config_root
from mmextra_stack.families import version_tuple

needs_allow_list = pytest.mark.skipif(
    version_tuple(torch.__version__) < compat.SAFE_TORCH,
    reason='this torch loads without a check by default')


# ---------------------------------------------------------------- the stack


@pytest.fixture
def block(monkeypatch):
    """Make a package look absent."""

    def hide(package):

        class Finder:

            @staticmethod
            def find_spec(name, path=None, target=None):
                if name == package:
                    raise ModuleNotFoundError(
                        f'No module named {name!r}', name=name)

        for name in list(sys.modules):
            if name == package or name.startswith(package + '.'):
                monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(sys, 'meta_path', [Finder, *sys.meta_path])

    return hide


@pytest.mark.parametrize('package, remedy', [
    ('torch', 'pip install torch=='),
    ('mmcv', 'needs mmcv: run ".*install.mmcv'),
    ('mmcv.ops', r'ops cannot be loaded.*run ".*install.mmcv'),
    ('mmdet', r'needs mmdet: run "pip install -e .*\[openmmlab\]""'),
    ('mmengine', r'needs mmengine: run "pip install -e .*\[openmmlab\]""'),
])
def test_missing_package_names_the_command(block, package, remedy):
    block(package)
    with pytest.raises(ImportError, match=remedy):
        compat.check_stack()


def test_error_inside_mmcv_is_not_taken_for_its_absence(
        monkeypatch, tmp_path):
    (tmp_path / 'mmcv').mkdir()
    (tmp_path / 'mmcv' / '__init__.py').write_text('import no_such_library')
    monkeypatch.delitem(sys.modules, 'mmcv')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match='no_such_library'):
        compat.check_stack()


def test_mmrotate_is_imported_and_the_alias_gone():
    from mmrotate.registry import MODELS
    assert MODELS.get('RefineSingleStageDetector') is not None
    assert sys.version_info < (3, 10) or not hasattr(collections, 'Sequence')


def test_own_configs_are_bases(tmp_path):
    config = tmp_path / 'own.py'
    config.write_text("_base_ = 'mmextra::larsd/hrsd.py'\nseed = 3")
    cfg = Config.fromfile(config)
    assert cfg.seed == 3
    stock = Config.fromfile(config_root() / 'larsd' / 'hrsd.py')
    assert cfg.model == stock.model
    config.write_text("_base_ = 'mmextra::larsd/absent.py'")
    with pytest.raises(FileNotFoundError, match=r'own.py: _base_ '
                       r"'mmextra::larsd/absent.py' is no config of mmextra"):
        Config.fromfile(config)


# -------------------------------------------------------------- checkpoints


class LineModel(BaseModel):

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(1, 1)

    def forward(self, x, mode='tensor'):
        y = self.linear(x)
        return dict(loss=y.square().mean()) if mode == 'loss' else [y]


class NumpyMetric(BaseMetric):
    """Returns what numpy code returns: scalars of its own types."""

    def process(self, data_batch, data_samples):
        self.results.append(1)

    def compute_metrics(self, results):
        return dict(f8=np.float64(0.5), f4=np.float32(0.25), i8=np.int64(3))


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """A checkpoint that mmengine's Runner has written."""
    folder = tmp_path_factory.mktemp('runner')
    loader = DataLoader([dict(x=torch.ones(1))] * 4, batch_size=2)
    runner = Runner(
        LineModel(), work_dir=str(folder), train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)),
        val_dataloader=loader, val_cfg=dict(),
        val_evaluator=[NumpyMetric()], experiment_name=folder.name,
        default_scope='mmengine')
    runner.message_hub.update_info('array', np.arange(3, dtype=np.int64))
    runner.message_hub.update_info('flags', np.array([True, False]))
    runner.train()
    return folder / 'epoch_2.pth'


@needs_allow_list
def test_own_checkpoint_loads_safely(checkpoint):
    state = torch.load(checkpoint, weights_only=True)
    assert state['meta']['epoch'] == 2
    hub = state['message_hub']
    assert hub['runtime_info']['array'].tolist() == [0, 1, 2]
    assert hub['runtime_info']['flags'].tolist() == [True, False]
    scalars = hub['log_scalars']
    assert scalars['val/f8'].current() == 0.5
    assert scalars['val/f4'].current() == 0.25
    assert scalars['val/i8'].current() == 3
    loss = scalars['train/loss']
    assert isinstance(loss, HistoryBuffer)
    # The statistics go through the guarded getattr.
    history = loss.data[0]
    assert loss.statistics('mean', 2) == pytest.approx(history[-2:].mean())
    assert loss.statistics('min', 4) == history.min()


@needs_allow_list
def test_own_checkpoint_loads_after_another_list_was_lent(checkpoint):
    """As onedl's loader lends one, with the classes and getattr itself."""
    with torch.serialization.safe_globals(
            [HistoryBuffer, np.ndarray, np.dtype, getattr,
             type(np.dtype('f8')), type(np.dtype('i8'))]):
        pass
    assert torch.load(checkpoint, weights_only=True)['meta']['epoch'] == 2


@needs_allow_list
def test_stock_loader_takes_own_checkpoint(checkpoint):
    model = LineModel()
    load_checkpoint(model, str(checkpoint), map_location='cpu')
    saved = torch.load(checkpoint, weights_only=True)['state_dict']
    assert model.linear.weight.equal(saved['linear.weight'])


@needs_allow_list
@pytest.mark.parametrize('path', ['numpy.core', 'numpy._core'])
def test_both_names_of_numpy_are_read(tmp_path, path):
    """Files written under numpy 1 name ``numpy.core``, others ``_core``."""
    target = tmp_path / 'array.pth'
    torch.save(dict(a=np.arange(3.), b=np.float32(2)), target,
               _use_new_zipfile_serialization=False)
    data = target.read_bytes()
    for old in (b'cnumpy._core.', b'cnumpy.core.'):
        data = data.replace(old, f'c{path}.'.encode())
    assert f'c{path}.multiarray'.encode() in data
    target.write_bytes(data)
    loaded = torch.load(target, weights_only=True)
    assert loaded['a'].tolist() == [0, 1, 2] and loaded['b'] == 2


class Payload:
    """Pickles as a call of any function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


REFUSED = (pickle.UnpicklingError, ValueError)


@needs_allow_list
@pytest.mark.parametrize('wrap', [
    lambda payload: payload,
    lambda payload: dict(state_dict=dict(weight=payload)),
    lambda payload: dict(message_hub=dict(log_scalars=[(1, [payload])])),
    lambda payload: Payload(np.dtype, payload),
], ids=['bare', 'weight', 'message_hub', 'argument'])
@pytest.mark.parametrize('kind', ['system', 'eval'])
def test_malicious_checkpoint_is_refused(tmp_path, wrap, kind):
    marker, target = tmp_path / 'ran', tmp_path / 'evil.pth'
    payload = (Payload(os.system, f'echo > "{marker}"') if kind == 'system'
               else Payload(eval, f'open({str(marker)!r}, "w").close()'))
    torch.save(wrap(payload), target)
    with pytest.raises(REFUSED):
        torch.load(target, weights_only=True)
    with pytest.raises(REFUSED):
        load_checkpoint(LineModel(), str(target))
    assert not marker.exists()
    # The unsafe way shows that the payload is a real one; np.dtype refuses
    # its result, but too late.
    with contextlib.suppress(TypeError):
        torch.load(target, weights_only=False)
    assert marker.exists()


@needs_allow_list
@pytest.mark.parametrize('owner, name', [
    (HistoryBuffer, '__init__'),
    (HistoryBuffer, '__globals__'),
    (np.ndarray, 'tofile'),
    (np.dtype, 'mean'),
    (dict, 'update'),
    (Payload(getattr, HistoryBuffer, 'mean'), '__globals__'),
])
def test_getattr_serves_the_statistics_only(tmp_path, owner, name):
    target = tmp_path / 'evil.pth'
    torch.save(Payload(getattr, owner, name), target)
    with pytest.raises(REFUSED):
        torch.load(target, weights_only=True)


@needs_allow_list
def test_getattr_of_a_statistic_is_allowed(tmp_path):
    target = tmp_path / 'fine.pth'
    torch.save(Payload(getattr, HistoryBuffer, 'mean'), target)
    assert torch.load(target, weights_only=True) is HistoryBuffer.mean


def test_ssd_head_answers_what_mmdet_3_3_asks():
    head = MODELS.build(dict(
        type='SSDHead', num_classes=2, in_channels=(4, ),
        anchor_generator=dict(
            type='SSDAnchorGenerator', scale_major=False, input_size=64,
            basesize_ratio_range=(0.2, 0.9), strides=[8], ratios=[[2]],
            min_sizes=[8], max_sizes=[16]),
        test_cfg=ConfigDict(
            nms_pre=10, nms=dict(type='nms', iou_threshold=0.5),
            min_bbox_size=0, score_thr=0.0, max_per_img=5)))
    # The line of its base_dense_head.py.
    assert not getattr(head.loss_cls, 'custom_cls_channels', False)
    found = head.predict_by_feat(
        *head((torch.rand(1, 4, 8, 8), )),
        batch_img_metas=[dict(img_shape=(64, 64), scale_factor=(1., 1.))])
    assert 0 < len(found[0]) <= 5


def test_boxes_beyond_the_border_leave_the_image_in_place():
    image = np.random.default_rng(0).integers(
        0, 255, (100, 150, 3)).astype(np.uint8)
    visualizer = RotLocalVisualizer(line_width=1)
    sample = DetDataSample(pred_instances=InstanceData(
        bboxes=torch.tensor([[10., 50., 60., 40., 0.5]]),
        scores=torch.tensor([0.9]), labels=torch.tensor([0])))
    with pytest.warns(UserWarning, match='out of bounds'):
        visualizer.add_datasample('x', image, sample, draw_gt=False)
    drawn = visualizer.get_image()
    assert drawn.shape == image.shape and (drawn != image).any()
    np.testing.assert_array_equal(drawn[:, 100:], image[:, 100:])


# ------------------------------------------------------------------ metrics


@pytest.mark.parametrize('key', [
    'voc07/AP50', 'merged/AP40', 'img/sens_Control', 'lesion/AP75',
    'vid/mAP', 'det/precision', 'coco/bbox_mAP', 'rbox/recall50'])
def test_the_best_checkpoint_of_our_metrics(key):
    hook = CheckpointHook(save_best='auto')
    hook._init_rule(hook.rules, [key])
    assert hook.rules == ['greater']
    compat.know_growing_metrics()
    assert len(set(CheckpointHook._default_greater_keys)) == len(
        CheckpointHook._default_greater_keys)


def test_names_that_nobody_knows_still_stop():
    hook = CheckpointHook(save_best='auto')
    with pytest.raises(ValueError, match='Cannot infer'):
        hook._init_rule(hook.rules, ['overlap/gap'])


def test_host_warnings_are_silenced_by_their_texts_alone():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        compat.quiet_host_warnings()
        for text in (
                'torch.meshgrid: in an upcoming release, it will be required '
                'to pass the indexing argument.',
                "<class 'mmdet.visualization.local_visualizer."
                "DetLocalVisualizer'> instance named of visualizer has been "
                'created',
                'The `clip` function does nothing in `RotatedBoxes`.',
                'pkg_resources is deprecated as an API. See more'):
            warnings.warn(text, stacklevel=1)
        assert not caught
        warnings.warn('The `clip` function of yours does nothing',
                      stacklevel=1)
        warnings.warn('torch.meshgrid: in an upcoming release',
                      RuntimeWarning, stacklevel=1)
    assert len(caught) == 2
