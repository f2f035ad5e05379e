"""Names of classes: as configs and files spell them, and as a data set has
them. No reader may lose boxes to a spelling without a word."""
import difflib
import os.path as osp
import re
import warnings
from collections import Counter
from typing import Dict, Iterable, List, Optional, Sequence, Tuple, Union

from mmengine.logging import print_log

from .ilsvrc_classes import VID_CLASSES
from .text_files import read_ids

DIOR_CLASSES = ('airplane', 'airport', 'baseballfield', 'basketballcourt',
                'bridge', 'chimney', 'dam', 'expressway-service-area',
                'expressway-toll-station', 'golffield', 'groundtrackfield',
                'harbor', 'overpass', 'ship', 'stadium', 'storagetank',
                'tenniscourt', 'trainstation', 'vehicle', 'windmill')
# Of versions 1.0 to 2.0.
DOTA_CLASSES = ('plane', 'baseball-diamond', 'bridge', 'ground-track-field',
                'small-vehicle', 'large-vehicle', 'ship', 'tennis-court',
                'basketball-court', 'storage-tank', 'soccer-ball-field',
                'roundabout', 'harbor', 'swimming-pool', 'helicopter',
                'container-crane', 'airport', 'helipad')
SEPARATORS = re.compile(r'[\s_./-]+')
# Folded words of other releases and tools, and what they stand for.
DIOR_ALIASES = dict(
    golfcourse='golffield', plane='airplane', aeroplane='airplane',
    baseballdiamond='baseballfield', harbour='harbor',
    expresswaytollgate='expresswaytollstation', tollstation=(
        'expresswaytollstation'), servicearea='expresswayservicearea',
    railwaystation='trainstation', storagetanks='storagetank')
DOTA_ALIASES = dict(airplane='plane', aeroplane='plane', harbour='harbor',
                    soccerfield='soccerballfield')
VID_ALIASES = {wnid: SEPARATORS.sub('', name)
               for name, wnid in VID_CLASSES.items()}
VID_ALIASES.update(aeroplane='airplane', motorbike='motorcycle', cat=(
    'domesticcat'))


def fold(name: str) -> str:
    """A name without what spellings differ in: case and separators."""
    return SEPARATORS.sub('', name.casefold())


def nearest(name: str, legal: Iterable[str]) -> List[str]:
    """The legal names that look most like a name, best first."""
    by_fold = {fold(each): each for each in legal}
    return [by_fold[each] for each in difflib.get_close_matches(
        fold(name), list(by_fold), 3, 0.6)]


def hint(names: Sequence[str], legal: Sequence[str]) -> str:
    """For a message: what is nearest to unknown names, or all there is."""
    found = {name: nearest(name, legal) for name in names}
    words = [f'for {name!r} is nearest {" or ".join(map(repr, best))}'
             for name, best in found.items() if best]
    if len(words) < len(found) and legal:
        words.append(f'legal are {", ".join(legal)}')
    return '; '.join(words)


def class_tuple(classes: Union[str, Sequence[str]],
                owner: str) -> Tuple[str, ...]:
    """The classes of a config.

    ``('ship')`` is a text and no tuple; it is taken as one class, or as the
    file that lists them if there is one of that name.

    Args:
        classes (str or Sequence[str]): As the config has them.
        owner (str): Who asks, for messages.

    Returns:
        tuple[str]: The classes.

    Raises:
        ValueError: If they are no texts, or one is given twice.
    """
    if isinstance(classes, str):
        classes = read_ids(classes) if osp.isfile(classes) else [classes]
    try:
        classes = tuple(classes)
    except TypeError:
        classes = (classes, )
    wrong = [name for name in classes
             if not isinstance(name, str) or not name.strip()]
    if wrong:
        raise ValueError(f'{owner}: classes must be texts, got {wrong[0]!r}; '
                         "write classes=('ship', )")
    twice = [name for name, k in Counter(classes).items() if k > 1]
    if twice:
        raise ValueError(f'{owner}: classes names {twice} twice')
    return classes


class ClassNames:
    """From the names in the files of a data set to labels.

    Args:
        classes (Sequence[str]): Those of the config; labels follow them.
        known (Sequence[str]): Those that the data set is known to have.
        aliases (dict[str, str], optional): Folded other words, and the
            folded word that each stands for. Without it spellings must be
            exact.
        owner (str): For messages.
    """

    def __init__(self, classes: Sequence[str], known: Sequence[str] = (),
                 aliases: Optional[Dict[str, str]] = None,
                 owner: str = '') -> None:
        self.classes, self.known = tuple(classes), tuple(known)
        self.aliases, self.owner = aliases, owner
        self.found: Counter = Counter()
        self._labels: Dict[str, Optional[int]] = {
            name: label for label, name in enumerate(self.classes)}
        self._by_key: Dict[str, int] = {}
        if aliases is not None:
            for label, name in enumerate(self.classes):
                self._by_key.setdefault(self.key(name), label)
        self._known_keys = {self.key(name): name for name in self.known}

    def key(self, name: str) -> str:
        """What all spellings of a name have in common."""
        if self.aliases is None:
            return name
        folded = fold(name)
        return self.aliases.get(folded, folded)

    def label(self, name: str) -> Optional[int]:
        """The label of an object, which is counted.

        Args:
            name (str): As the file has it.

        Returns:
            int or None: None if its class is not asked for.
        """
        self.found[name] += 1
        try:
            return self._labels[name]
        except KeyError:
            label = self._by_key.get(self.key(name))
            self._labels[name] = label
            return label

    def is_known(self, name: str) -> bool:
        """Whether the data set is known to have a class of this name."""
        return self.key(name) in self._known_keys

    def unknown(self) -> List[str]:
        """Classes of the config that are neither known nor in a file."""
        there = {self._labels[name] for name in self.found}
        return [name for label, name in enumerate(self.classes)
                if label not in there and not self.is_known(name)]

    def require_any(self) -> None:
        """Refuse classes of which a closed data set knows none.

        Raises:
            ValueError: Names those that are nearest.
        """
        strange = [name for name in self.classes if not self.is_known(name)]
        if strange and len(strange) == len(self.classes):
            raise ValueError(
                f'{self.owner}: classes {tuple(strange)} are none of its '
                f'{", ".join(self.known)}; {hint(strange, self.known)}')

    def tell(self, source: str) -> None:
        """Say once which names do not meet; after all files are read.

        Args:
            source (str): The data set, for messages.
        """
        strange = self.unknown()
        if strange:
            legal = self.known or tuple(self.found)
            there = _counts(self.found) or 'no object'
            warnings.warn(
                f'{source}: no object is called {_quoted(strange)}, as '
                f'metainfo.classes has it; the files hold {there}; '
                f'{hint(strange, legal)}', stacklevel=3)
        spelt = {
            name: self._known_keys[self.key(name)] for name in self.classes
            if self.is_known(name) and name.casefold() !=
            self._known_keys[self.key(name)].casefold()}
        spelt.update({
            name: self.classes[self._labels[name]] for name in self.found
            if self._labels[name] is not None and name.casefold() !=
            self.classes[self._labels[name]].casefold()})
        if spelt:
            warnings.warn(f'{source}: taken for other spellings of a class: '
                          + ', '.join(f'{a!r} for {b!r}'
                                      for a, b in spelt.items()),
                          stacklevel=3)
        others = Counter({name: k for name, k in self.found.items()
                          if self._labels[name] is None})
        if not others:
            return
        text = (f'{source}: left out {sum(others.values())} objects of '
                f'classes that metainfo.classes does not name: '
                f'{_counts(others)}')
        odd = [name for name in others if not self.is_known(name)]
        if odd or sum(others.values()) == sum(self.found.values()):
            warnings.warn(f'{text}; {hint(odd, self.classes)}'.rstrip('; '),
                          stacklevel=3)
        else:
            print_log(text, logger='current')


def _counts(counter: Counter) -> str:
    return ', '.join(f'{k} {name}' for name, k in counter.most_common(20))


def _quoted(names: Sequence[str]) -> str:
    return ' or '.join(map(repr, names))
