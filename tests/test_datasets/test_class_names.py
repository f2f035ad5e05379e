import warnings

import pytest

from mmextra.datasets.class_names import (
    DIOR_ALIASES,
    DIOR_CLASSES,
    DOTA_ALIASES,
    DOTA_CLASSES,
    VID_ALIASES,
    ClassNames,
    class_tuple,
    fold,
    nearest,
)
from mmextra.datasets.ilsvrc_classes import VID_CLASSES

# One way each, as releases and tools write them.
SPELLINGS = [
    (DIOR_CLASSES, DIOR_ALIASES, {
        'Expressway-Service-area': 'expressway-service-area',
        'expresswayservicearea': 'expressway-service-area',
        'Expressway-toll-station': 'expressway-toll-station',
        'train station': 'trainstation', 'golf_course': 'golffield',
        'golffield': 'golffield', 'Harbour': 'harbor',
        'baseball-field': 'baseballfield', 'plane': 'airplane'}),
    (DOTA_CLASSES, DOTA_ALIASES, {
        'large vehicle': 'large-vehicle', 'Large_Vehicle': 'large-vehicle',
        'soccer ball field': 'soccer-ball-field', 'airplane': 'plane',
        'Ground Track Field': 'ground-track-field'}),
    (VID_CLASSES, VID_ALIASES, {
        'red panda': 'red_panda', 'domestic cat': 'domestic_cat',
        'n02691156': 'airplane', 'aeroplane': 'airplane',
        'Giant-Panda': 'giant_panda'}),
]
CASES = [(legal, aliases, odd, name) for legal, aliases, names in SPELLINGS
         for odd, name in names.items()]


def told(names):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        names.tell('here')
    return ' '.join(str(each.message) for each in caught)


@pytest.mark.parametrize('legal, aliases, odd, name', CASES)
def test_spellings_are_folded_and_told(legal, aliases, odd, name):
    legal = tuple(legal)
    label = legal.index(name)
    # In the files,
    names = ClassNames(legal, legal, aliases)
    assert names.label(odd) == label
    alike = odd.casefold() == name.casefold()
    assert (repr(odd) in told(names)) != alike
    # and in the config.
    names = ClassNames((odd, ), legal, aliases)
    assert names.label(name) == 0
    assert ('other spellings' in told(names)) != alike


@pytest.mark.parametrize('legal, aliases', [each[:2] for each in SPELLINGS])
def test_no_two_classes_are_folded_into_one(legal, aliases):
    keys = {ClassNames((), legal, aliases).key(name) for name in legal}
    assert len(keys) == len(tuple(legal))
    # An alias stands for a class, and is none itself.
    folded = {fold(name) for name in legal}
    assert folded.issuperset(aliases.values())
    assert not folded.intersection(aliases)


def test_unknown_classes_of_the_config_are_told_with_what_is_near():
    names = ClassNames(('cars', 'bus'), ('car', 'van', 'bus'))
    for name in ('car', 'car', 'van'):
        assert names.label(name) is None
    text = told(names)
    assert "no object is called 'cars'" in text
    assert "for 'cars' is nearest 'car'" in text
    assert '2 car' in text and '1 van' in text
    # That a class has no object is no fault.
    assert "'bus'" not in text


def test_classes_of_the_files_that_nobody_names_are_told():
    names = ClassNames(('ship', ), ('ship', 'plane'), DOTA_ALIASES)
    labels = [names.label(name) for name in ('ship', 'shipp', 'plane')]
    assert labels == [0, None, None]
    text = told(names)
    assert 'left out 2 objects' in text and '1 shipp' in text
    assert "for 'shipp' is nearest 'ship'" in text


def test_a_known_class_that_is_not_asked_for_is_no_warning():
    names = ClassNames(('ship', ), ('ship', 'plane'), DOTA_ALIASES)
    for name in ('ship', 'plane'):
        names.label(name)
    assert told(names) == ''
    # Unless nothing is left.
    names = ClassNames(('ship', ), ('ship', 'plane'), DOTA_ALIASES)
    names.label('plane')
    assert 'left out 1 objects' in told(names)


def test_a_closed_vocabulary_refuses_what_it_never_has():
    with pytest.raises(ValueError, match="Here: .*'Car'.* is nearest 'car'"):
        ClassNames(('Car', 'Bus'), ('car', 'bus'), owner='Here').require_any()
    ClassNames(('Car', 'bus'), ('car', 'bus')).require_any()


def test_nearest():
    assert nearest('Trucks', ('car', 'truck', 'van')) == ['truck']
    assert nearest('zebra', ('car', 'truck', 'van')) == []


def test_a_text_is_one_class(tmp_path):
    assert class_tuple('ship', 'A') == ('ship', )
    assert class_tuple(['ship', 'raft'], 'A') == ('ship', 'raft')
    path = tmp_path / 'names.txt'
    path.write_bytes('﻿ship\r\ncargo ship\r\n'.encode())
    assert class_tuple(str(path), 'A') == ('ship', 'cargo ship')


@pytest.mark.parametrize('classes, message', [
    (('ship', 3), 'A: classes must be texts, got 3'),
    (('ship', ''), "must be texts, got ''"), (7, 'got 7'),
    (('ship', 'raft', 'ship'), "names .'ship'. twice")])
def test_what_is_no_class_is_refused(classes, message):
    with pytest.raises(ValueError, match=message):
        class_tuple(classes, 'A')
