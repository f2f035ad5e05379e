"""Folders that are no export, or not a whole one."""
import json

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from mmextra_runtime import load, read_image
from mmextra_runtime.__main__ import main

SPEC = dict(resize=dict(scale=[16, 16], keep_ratio=False), pad=None,
            batch_pad=dict(divisor=1, value=0), mean=[0, 0, 0],
            std=[1, 1, 1], to_rgb=True)
BOX = [[1., 1., 9., 9.]]


def make_graph(opset=17, name='image'):
    """An image to one box, whatever it shows."""
    constants = [
        helper.make_node('Constant', [], [key], value=helper.make_tensor(
            key, kind, shape, values)) for key, kind, shape, values in (
                ('boxes', TensorProto.FLOAT, [1, 4], BOX[0]),
                ('scores', TensorProto.FLOAT, [1], [.9]),
                ('labels', TensorProto.INT64, [1], [1]))
    ]
    outputs = [helper.make_tensor_value_info(key, kind, None)
               for key, kind in (('boxes', TensorProto.FLOAT),
                                 ('scores', TensorProto.FLOAT),
                                 ('labels', TensorProto.INT64))]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT,
                                            [1, 3, 16, 16])]
    model = helper.make_model(
        helper.make_graph(constants, 'g', inputs, outputs),
        opset_imports=[helper.make_opsetid('', opset)])
    model.ir_version = 8
    return model


@pytest.fixture
def folder(tmp_path):
    onnx.save(make_graph(), str(tmp_path / 'model.onnx'))
    write_meta(tmp_path)
    cv2.imwrite(str(tmp_path / 'image.png'), np.zeros((32, 64, 3), np.uint8))
    return tmp_path


def write_meta(folder, **changes):
    facts = dict(file='model.onnx', inputs=['image'], opset=17,
                 outputs=['boxes', 'scores', 'labels'])
    meta = dict(
        format=1, task='detect', classes=['a', 'b'],
        graphs=dict(model=facts), preprocess=SPEC,
        box=dict(kind='upright'), config={},
        test=dict(score_thr=.1, nms=None, max_per_img=10, clip='image'))
    meta.update(changes)
    (folder / 'meta.json').write_text(json.dumps(
        {key: value for key, value in meta.items() if value is not None}))


def test_boxes_are_of_the_image(folder):
    found = load(folder)(folder / 'image.png')
    # The image is four times as wide and twice as high as the input.
    np.testing.assert_allclose(found.boxes, [[4, 2, 36, 18]])
    assert found.lines() == ['b 0.9000 4.00 2.00 36.00 18.00']


def test_what_is_missing_is_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match='no folder'):
        load(tmp_path / 'nowhere')
    (folder / 'model.onnx').unlink()
    with pytest.raises(FileNotFoundError, match='model.onnx is missing'):
        load(folder)
    (folder / 'meta.json').unlink()
    with pytest.raises(FileNotFoundError, match=r'has no meta\.json'):
        load(folder)


@pytest.mark.parametrize('changes, words', [
    (dict(format=2), 'format 2'),
    (dict(task='fly'), "task 'fly'"),
    (dict(classes=None), "'classes' is missing"),
    (dict(classes='a'), 'no list'),
    (dict(task='stream'), 'are missing'),
    (dict(graphs=dict(model=dict(file='../model.onnx'))), 'in this folder'),
    (dict(graphs=dict(model=dict(file=3))), 'in this folder'),
])
def test_meta_of_another_kind(folder, changes, words):
    write_meta(folder, **changes)
    with pytest.raises(ValueError, match=words):
        load(folder)


@pytest.mark.parametrize('text', ['', '{', '[1]', 'import os'])
def test_meta_that_is_none(folder, text):
    (folder / 'meta.json').write_text(text)
    with pytest.raises(ValueError, match=r'meta\.json'):
        load(folder)


def test_a_foreign_graph(folder):
    onnx.save(make_graph(name='picture'), str(folder / 'model.onnx'))
    with pytest.raises(ValueError, match='keep the files of one export'):
        load(folder)
    (folder / 'model.onnx').write_bytes(b'no graph')
    with pytest.raises(ValueError, match='cannot load'):
        load(folder)


def test_an_opset_beyond_the_runtime(folder):
    onnx.save(make_graph(opset=99), str(folder / 'model.onnx'))
    with pytest.raises(ValueError, match='newer onnxruntime'):
        load(folder)


def test_providers_that_are_not_there(folder):
    with pytest.raises(ValueError, match='must be one of'):
        load(folder, provider='abacus')
    with pytest.raises(ValueError, match='onnxruntime-openvino'):
        load(folder, provider='openvino')


@pytest.mark.parametrize('depth', [np.uint16, np.float32])
def test_depth_of_images(folder, depth):
    path = folder / 'deep.tif'
    cv2.imwrite(str(path), np.ones((8, 8, 3), depth))
    with pytest.raises(ValueError, match='deep.tif has .* 8 bits'):
        load(folder)(path)
    with pytest.raises(ValueError, match='8 bits'):
        read_image(np.ones((8, 8, 3), depth))
    with pytest.raises(ValueError, match=r'\(8, 8\)'):
        read_image(np.ones((8, 8), np.uint8))


def test_grey_files_and_broken_ones(folder):
    cv2.imwrite(str(folder / 'grey.png'), np.full((8, 8), 7, np.uint8))
    assert read_image(folder / 'grey.png').shape == (8, 8, 3)
    (folder / 'broken.png').write_bytes(b'x')
    with pytest.raises(ValueError, match='broken.png cannot be read'):
        read_image(folder / 'broken.png')


def test_command_draws(folder, capsys):
    out = folder / 'drawn.png'
    main([str(folder), str(folder / 'image.png'), '--out', str(out)])
    assert 'image.png b 0.9' in capsys.readouterr().out
    drawn = cv2.imread(str(out))
    assert drawn.shape == (32, 64, 3) and drawn.any()
    with pytest.raises(SystemExit):
        main([str(folder), str(folder / 'nothing.png')])
    assert 'there is no image' in capsys.readouterr().err


def test_tiles_give_no_duplicates(folder):
    write_meta(folder, test=dict(
        score_thr=.1, max_per_img=10, clip=None,
        nms=dict(where='graph', iou_threshold=.5)))
    image = np.zeros((64, 64, 3), np.uint8)
    found = load(folder).tiled(image, tile=32, overlap=0)
    np.testing.assert_allclose(found.boxes[:, :2] % 32, 2)
    assert len(found) == 4
