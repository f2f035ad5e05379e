"""What is timed beside an exported graph."""
import pytest
import torch

from mmextra.apis.export import ExportError
from mmextra.apis.export.speed import let_pass
from mmextra.apis.export.verify import eager_detections, eager_stream
from mmextra_runtime import read_image
from tests import export_helpers as make


def passing(head, run):
    """How many boxes a head hands to its suppression."""
    counts, method = [], head._bbox_post_process
    head._bbox_post_process = lambda results, *args, **kwargs: (
        counts.append(len(results)), method(results, *args, **kwargs))[1]
    run()
    return counts[0]


def test_as_many_candidates_as_asked(tmp_path):
    image, = make.write_images(tmp_path, [(96, 128)])
    torch.manual_seed(0)
    model = make.dense_lcb()
    let_pass(model, image, 40)
    assert passing(model.bbox_head,
                   lambda: eager_detections(model, image)) == 40
    stream = make.stream()
    let_pass(stream, image, 25)
    assert passing(stream.detector.bbox_head, lambda: eager_stream(
        stream, dict(mode='always_read')).step(read_image(image))) == 25


def test_only_single_stages(tmp_path):
    with pytest.raises(ExportError, match='leave --candidates out'):
        let_pass(make.faster_rcnn(), tmp_path / 'no.png', 40)
