"""Whatever is in an annotation file: read in full, or refused by name.

The parsers stand in ``annotation_parsers``, by paper.
"""
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmextra.datasets import AnnotationError
from tests.test_datasets.annotation_parsers import PARSERS
from tests.test_datasets.annotation_parsers.common import NUMBER

WORD = re.compile(rb'[A-Za-z_]{2,}')
ODD_NUMBERS = [b'nan', b'inf', b'-inf', b'1e39', b'-1e308', b'1e999', b'',
               b'-1', b'0', b'1,5', b'0x10', b'one', b'1 2', b'99999999999']
JUNK = [b'\x00', b'\xff\xfe', b'<', b'>', b'&', b'/', b'"', b'{', b']', b',',
        b' ', b'\n', b'\t', b';', b'\xc3\xa9', b'<a/>']


@st.composite
def damaged(draw, valid: bytes) -> bytes:
    """A file with one to three things wrong in it."""
    content = valid
    for _ in range(draw(st.integers(1, 3))):
        size = len(content)
        start = draw(st.integers(0, size))
        end = draw(st.integers(start, min(size, start + 40)))
        kind = draw(st.sampled_from(
            ['cut', 'delete', 'repeat', 'junk', 'byte', 'number', 'word']))
        if kind == 'cut':
            content = content[:start]
        elif kind == 'delete':
            content = content[:start] + content[end:]
        elif kind == 'repeat':
            content = content[:end] + content[start:]
        elif kind == 'junk':
            content = content[:start] + draw(
                st.sampled_from(JUNK)) + content[start:]
        elif kind == 'byte':
            content = content[:start] + draw(
                st.binary(min_size=1, max_size=1)) + content[start + 1:]
        else:
            tokens = list((NUMBER if kind == 'number' else
                           WORD).finditer(content))
            if tokens:
                token = draw(st.sampled_from(tokens))
                new = draw(st.sampled_from(ODD_NUMBERS)) if (
                    kind == 'number') else token.group()[:-1] + b'x'
                content = (content[:token.start()] + new +
                           content[token.end():])
    return content


@pytest.fixture(params=PARSERS)
def parser(request):
    return PARSERS[request.param]


@pytest.fixture
def place(parser, tmp_path):
    """Root and the path of the annotation file that is to be written."""
    return tmp_path, parser.make(tmp_path)


def instances_of(images, name='bad'):
    return [
        instance for image in images for instance in image['instances']
        if name in ('', Path(str(image['img_id'])).stem)
    ]


def test_a_valid_file_is_read_in_full(parser, place):
    root, path = place
    path.write_bytes(parser.valid)
    images = parser.load(root, 'raise')
    assert len(images) > 1
    found = instances_of(images, '' if parser.whole else 'bad')
    assert len(found) == parser.count(parser.valid) > 1


def check(parser, root, path, content):
    path.write_bytes(content)
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter('always')
            images = parser.load(root, 'raise')
    except (ValueError, FileNotFoundError) as error:
        # Not a subclass, such as UnicodeDecodeError, which names no file.
        assert type(error) in (AnnotationError, ValueError, FileNotFoundError)
        assert str(root) in str(error)
    else:
        found = instances_of(images, '' if parser.whole else 'bad')
        assert len(found) == parser.count(content) or any(
            'left out' in str(warning.message) for warning in told)
        for instance in found:
            assert np.isfinite(np.float32(instance['bbox'])).all()
        return
    if not parser.skips:
        return
    # The other image stays, and what is lost is told.
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter('always')
        images = parser.load(root, 'skip')
    assert instances_of(images, 'good')
    assert any('skipped' in str(warning.message) for warning in told)


def test_damaged_files_are_read_in_full_or_refused(parser, place):
    root, path = place

    @settings(max_examples=parser.examples, deadline=None, derandomize=True,
              database=None, suppress_health_check=list(HealthCheck))
    @given(damaged(parser.valid))
    def property_(content):
        check(parser, root, path, content)

    property_()
    shutil.rmtree(root)
