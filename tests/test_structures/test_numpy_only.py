import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / 'mmextra'
# Empty stand-ins for the packages themselves, which import the hosts.
SCRIPT = """
import sys, types
sys.modules['torch'] = sys.modules['mmcv'] = None
sys.modules['onnxruntime'] = None
for name, folder in (('mmextra', '{0}'),
                     ('mmextra.structures', '{0}/structures'),
                     ('mmextra.utils', '{0}/utils')):
    module = types.ModuleType(name)
    module.__path__ = [folder]
    sys.modules[name] = module
from mmextra.structures.box_iou import box_iou
from mmextra.structures.dota_txt import parse_dota_lines
from mmextra_runtime.rotated_nms import rotated_nms
from mmextra_runtime.tiling import image_tiles
print(rotated_nms([[0, 0, 9, 9, 0], [1, 0, 9, 9, 0]], [.1, .2], [0, 0], .5))
"""


def test_geometry_of_arrays_needs_no_torch():
    out = subprocess.run([sys.executable, '-c', SCRIPT.format(PACKAGE)],
                         capture_output=True, text=True, check=True,
                         cwd=ROOT)
    assert out.stdout.strip() == '[1]'
