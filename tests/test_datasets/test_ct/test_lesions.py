import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as mask_utils
from scipy import ndimage

from mmextra.datasets import AnnotationError
from mmextra.datasets.ct import lesion_instances, read_lesion_mask
from mmextra.datasets.ct.lesions import MASK_VALUES, value_mapping

MERGE, BOTH, GGO = (value_mapping(mode, MASK_VALUES)
                    for mode in ('merge', 'both', 'ggo'))


def areas(instances):
    return sorted(
        int(mask_utils.area(each['mask'])) for each in instances)


def canvas():
    mask = np.zeros((60, 80), np.uint8)
    mask[5:55, 5:75] = 1
    return mask


def test_mappings():
    assert MERGE == {2: 0, 3: 0} and BOTH == {2: 0, 3: 1} and GGO == {2: 0}
    with pytest.raises(ValueError, match='merge'):
        value_mapping('lesion', MASK_VALUES)
    for wrong in (dict(lung=1, ggo=2), dict(lung=1, ggo=1, consolidation=3),
                  dict(lung=0, ggo=2, consolidation=3)):
        with pytest.raises(ValueError, match='mask_values'):
            value_mapping('merge', wrong)


@pytest.mark.parametrize('min_area, kept', [
    (100, [100, 101]), (101, [101]), (102, []), (1, [1, 99, 100, 101])])
def test_small_lesions_are_background(min_area, kept):
    mask = canvas()
    mask[10:19, 10:21] = 2                     # 99
    mask[30:40, 10:20] = 3                     # 100
    mask[30:40, 40:50], mask[40, 40] = 2, 2    # 101
    mask[52, 72] = 2                           # 1
    assert areas(lesion_instances(mask, MERGE, min_area)) == kept


def test_tissues_are_merged_before_areas_are_tested():
    mask = canvas()
    mask[10:16, 10:20], mask[16:22, 10:20] = 2, 3    # 60 touching 60
    assert areas(lesion_instances(mask, MERGE)) == [120]
    assert lesion_instances(mask, BOTH) == []
    assert lesion_instances(mask, GGO) == []
    found = lesion_instances(mask, BOTH, min_area=60)
    assert [each['bbox_label'] for each in found] == [0, 1]
    assert [each['bbox'] for each in found] == [[10, 10, 20, 16],
                                                [10, 16, 20, 22]]


def test_contact_at_a_corner():
    case_8 = [100, 101, 120, 144, 160]
    case_4 = [100, 101, 120, 144]
    mask = np.zeros((120, 120), np.uint8)
    mask[0:10, 0:10] = 2
    mask[0:10, 20:30], mask[10, 20] = 3, 3
    mask[20:30, 0:12] = 2
    mask[20:32, 20:32] = 3
    mask[60:68, 0:10], mask[68:76, 10:20] = 2, 2    # 80 and 80
    assert areas(lesion_instances(mask, MERGE, 100, 8)) == case_8
    assert areas(lesion_instances(mask, MERGE, 100, 4)) == case_4
    from tests.helpers import worked_case
    case = worked_case('covid_ct_mask_net', 'instance_extraction_conn4')
    assert case_8 == case['areas_8'] and case_4 == case['areas']
    with pytest.raises(ValueError, match='connectivity'):
        lesion_instances(mask, MERGE, 100, 6)


def test_a_mask_without_lung_keeps_its_classes():
    """Codes are told by value, not by their rank among those present."""
    mask = np.zeros((40, 40), np.uint8)
    mask[5:20, 5:20] = 3
    assert [each['bbox_label'] for each in lesion_instances(mask, BOTH)] == [1]
    assert lesion_instances(mask, GGO) == []
    assert lesion_instances(np.zeros_like(mask), MERGE) == []


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 30), st.sampled_from([4, 8]))
def test_agrees_with_another_labelling(seed, min_area, connectivity):
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 40, 2)
    mask = rng.choice([0, 1, 2, 3], shape, p=[.3, .2, .3, .2]).astype(np.uint8)
    found = lesion_instances(mask, MERGE, min_area, connectivity)
    structure = np.ones((3, 3)) if connectivity == 8 else None
    parts, count = ndimage.label(mask >= 2, structure)
    wanted = {}
    for part, (rows, columns) in enumerate(ndimage.find_objects(parts), 1):
        if (parts == part).sum() >= min_area:
            box = (columns.start, rows.start, columns.stop, rows.stop)
            wanted[box + ((parts == part).tobytes(), )] = part
    got = set()
    for each in found:
        full = mask_utils.decode(each['mask']).astype(bool)
        assert full.shape == mask.shape
        got.add(tuple(each['bbox']) + (full.tobytes(), ))
        # The same string as by pycocotools' own encoder.
        plain = mask_utils.encode(np.asfortranarray(full.astype(np.uint8)))
        assert plain['counts'].decode() == each['mask']['counts']
        assert each['ignore_flag'] == 0
    assert got == set(wanted)


def test_palette_masks_are_read_by_index(tmp_path):
    mask = canvas()
    mask[10:30, 10:30], mask[40:50, 10:30] = 2, 3
    grey, palette = tmp_path / 'grey.png', tmp_path / 'palette.png'
    Image.fromarray(mask).save(grey)
    image = Image.fromarray(mask).convert('P')
    image.putpalette([0, 0, 0, 90, 90, 90, 0, 255, 0, 255, 0, 0])
    image.putdata(mask.ravel().tolist())
    image.save(palette)
    for path in (grey, palette):
        assert np.array_equal(read_lesion_mask(str(path), (1, 2, 3)), mask)


def test_bad_masks_are_named(tmp_path):
    def told(name, array, match):
        path = tmp_path / name
        Image.fromarray(array).save(path)
        with pytest.raises(AnnotationError, match=match) as error:
            read_lesion_mask(str(path), (1, 2, 3))
        assert name in str(error.value) and 'mask_values' in str(error.value)

    told('scaled.png', canvas() * 85, 'unknown values 85')
    told('colour.png', np.zeros((9, 9, 3), np.uint8), 'mode RGB')
    (tmp_path / 'text.png').write_text('no image')
    with pytest.raises(AnnotationError, match='text.png: cannot be read'):
        read_lesion_mask(str(tmp_path / 'text.png'), (1, 2, 3))
