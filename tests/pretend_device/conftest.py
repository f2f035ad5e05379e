import pytest

from mmextra.evaluation.device_check import make_data
from mmextra.synthetic import GENERATORS


@pytest.fixture(scope='session')
def data(tmp_path_factory):
    """Folder of small sets of every generator; read it only."""
    root = tmp_path_factory.mktemp('families')
    make_data(root, GENERATORS)
    return root
