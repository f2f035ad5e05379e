import socket

import pytest
import torch
from mmengine.registry import DefaultScope

# Before any test imports mmrotate, which needs it on Python >= 3.10.
import mmextra  # noqa: F401
from mmextra.synthetic import make_harbour, make_moving_objects

torch.set_num_threads(1)


def pytest_addoption(parser):
    parser.addoption(
        '--runs', type=int, help='damaged files to try on each reader of '
        'annotations, in place of the few of every day')


@pytest.fixture(autouse=True)
def own_port(monkeypatch):
    """Two tests that start several processes may run at the same time."""
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        monkeypatch.setenv('PORT', str(found.getsockname()[1]))


@pytest.fixture(autouse=True)
def no_scope_left_behind():
    """A default scope of one test must not resolve the names of the next."""
    yield
    DefaultScope._instance_dict.clear()


@pytest.fixture(scope='session')
def harbour(tmp_path_factory):
    """Root of a tiny harbour in HRSC2016's layout; read it only."""
    root = tmp_path_factory.mktemp('synthetic') / 'harbour'
    make_harbour(root, num_train=6, num_val=2, num_test=2, image_size=128)
    return root


@pytest.fixture(scope='session')
def moving(tmp_path_factory):
    """Root of tiny videos in ImageNet VID's layout; read it only."""
    root = tmp_path_factory.mktemp('synthetic') / 'moving'
    make_moving_objects(root, num_train=4, num_val=2, num_test=4,
                        image_size=64, frames=6)
    return root
