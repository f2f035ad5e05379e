"""What goes by the name of the stock loader in the hosts' registries."""
import mmcv.transforms
import numpy as np
import pytest
from mmdet.apis import DetInferencer, inference_detector
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope, init_default_scope
from PIL import Image

from mmextra.apis import init_detector
from mmextra.datasets import AnnotationError
from mmextra.datasets.transforms import LoadImageFromFile

DEEP = (np.arange(64 * 64).reshape(64, 64) % 4096).astype(np.uint16)


@pytest.fixture
def deep(tmp_path):
    path = tmp_path / 'deep.png'
    Image.fromarray(DEEP).save(path)
    return str(path)


@pytest.mark.parametrize('scope', ['mmdet', 'mmrotate'])
@pytest.mark.parametrize('name', ['LoadImageFromFile',
                                  'mmdet.LoadImageFromFile'])
def test_the_name_means_the_guarded_one(deep, tmp_path, scope, name):
    with DefaultScope.overwrite_default_scope(scope):
        load, = Compose([dict(type=name)]).transforms
    assert type(load) is LoadImageFromFile
    with pytest.raises(AnnotationError, match='deep.png: has 16 bits per ch'):
        load(dict(img_path=deep))
    Image.new('RGB', (6, 4), (1, 2, 3)).save(tmp_path / 'good.png')
    good = dict(img_path=str(tmp_path / 'good.png'))
    stock = mmcv.transforms.LoadImageFromFile()(dict(good))
    own = load(dict(good))
    assert (own.pop('img') == stock.pop('img')).all() and own == stock


def test_a_stock_config_is_guarded_in_every_way_of_inference(deep, tmp_path):
    init_default_scope('mmdet')
    config = Config.fromfile('configs/covid_ct_mask_net/synthetic.py')
    model = init_detector(config, device='cpu')
    with pytest.raises(AnnotationError, match='deep.png: has 16 bits'):
        inference_detector(model, deep)
    inferencer = DetInferencer.__new__(DetInferencer)
    inferencer.cfg = config
    pipeline = inferencer._init_pipeline(config)
    with pytest.raises(AnnotationError, match='deep.png: has 16 bits'):
        pipeline(deep)
    assert pipeline.transforms[0](np.zeros((9, 8, 3), np.uint8))[
        'img'].shape == (9, 8, 3)


def test_all_bits_on_request_and_bad_files_by_name(deep, tmp_path):
    load = LoadImageFromFile(color_type='unchanged')
    assert (load(dict(img_path=deep))['img'] == DEEP).all()
    Image.new('RGB', (64, 64)).save(tmp_path / 'b.png')
    (tmp_path / 'b.png').write_bytes(
        (tmp_path / 'b.png').read_bytes()[:50])
    with pytest.raises(ValueError, match='b.png: cannot be read as an image'):
        LoadImageFromFile()(dict(img_path=str(tmp_path / 'b.png')))
    with pytest.raises(FileNotFoundError, match='gone.png: cannot be read'):
        LoadImageFromFile()(dict(img_path=str(tmp_path / 'gone.png')))
    assert LoadImageFromFile(ignore_empty=True)(
        dict(img_path=str(tmp_path / 'gone.png'))) is None
