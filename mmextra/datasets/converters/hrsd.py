"""Ships of any source in the layout that HRSDDataset reads."""
import os
import shutil
import warnings
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Set

from ..bad_input import AnnotationError, BadInput, box_problem
from ..class_names import hint
from ..image_files import image_size
from .ship_sources import READERS, REMEDY, Record, ShipSource


class Naming(NamedTuple):
    """Which objects are written, and by what name.

    Attributes:
        rename: Other names for classes of the source.
        keep: Classes to write, by their new names; None writes all.
        ignore: Classes of the source whose objects are regions that say
            nothing: written as a difficult object of every class kept.
    """

    rename: Mapping[str, str] = {}
    keep: Optional[Sequence[str]] = None
    ignore: Sequence[str] = ()

    def check(self, found: Set[str], kept: Set[str]) -> None:
        """Warn of what was asked for and is not there.

        Args:
            found (set[str]): Classes of the source.
            kept (set[str]): Classes by their new names.
        """
        for option, names, known in (('rename', self.rename, found),
                                     ('ignore', self.ignore, found),
                                     ('keep', self.keep or (), kept)):
            strange = [name for name in names if name not in known]
            if strange:
                warnings.warn(
                    f'--{option}: no object is called '
                    f'{" or ".join(strange)}; there are {sorted(known)}; '
                    f'{hint(strange, sorted(known))}', stacklevel=3)

    def written(self, name: str) -> Sequence[str]:
        """The names under which an object is written, none to leave it out.

        Args:
            name (str): Its class in the source.

        Returns:
            Sequence[str]: See there.
        """
        if name in self.ignore:
            return self.keep or ()
        name = self.rename.get(name, name)
        return (name, ) if self.keep is None or name in self.keep else ()


def label_lines(record: Record, naming: Naming, bad: BadInput) -> List[str]:
    """The lines of the text file of one image."""
    width, height = image_size(record.image)
    lines = []
    for ship in record.ships:
        names = naming.written(ship.name)
        if not names:
            continue
        problem = box_problem(ship.quad, width, height)
        if problem:
            bad.report(AnnotationError(ship.where, problem, REMEDY))
            continue
        difficult = ship.difficult or ship.name in naming.ignore
        # Fields are separated by blanks.
        lines += [
            ' '.join([f'{v:.4f}' for v in ship.quad] +
                     ['_'.join(name.split()), str(int(difficult))])
            for name in names
        ]
    return lines


def place_image(source: str, folder: Path, img_id: str, link: bool) -> None:
    target = folder / (img_id + Path(source).suffix.lower())
    if target.is_symlink() or target.exists():
        if target.resolve() == Path(source).resolve():
            return
        target.unlink()
    if link:
        os.symlink(Path(source).resolve(), target)
    else:
        shutil.copyfile(source, target)


def write_record(record: Record, out: Path, naming: Naming, link: bool,
                 bad: BadInput) -> None:
    """Write the text file and the image of one record."""
    lines = label_lines(record, naming, bad)
    place_image(record.image, out / 'images', record.img_id, link)
    (out / 'labelTxt' / f'{record.img_id}.txt').write_text(
        ''.join(f'{line}\n' for line in lines))


def convert_ships(kind: str, source: ShipSource, out: Path, *,
                  split: str = 'train',
                  lists: Optional[Mapping[str, Sequence[str]]] = None,
                  naming: Naming = Naming(),
                  link: bool = False,
                  on_error: str = 'raise') -> Dict[str, int]:
    """Write ``images``, ``labelTxt`` and ``ImageSets``.

    Several sources may be written into one folder.

    Args:
        kind (str): Format of the source, of ``READERS``.
        source (ShipSource): The source.
        out (Path): The folder to write into.
        split (str): Name of the list if the source has no splits.
        lists (Mapping[str, Sequence[str]], optional): Splits and their ids,
            in place of those of the source.
        naming (Naming): Which objects are written, and by what name.
        link (bool): Link the images instead of copying them.
        on_error (str): ``'raise'`` at a bad entry, or ``'skip'`` and count.

    Returns:
        Dict[str, int]: Number of images per split.

    Raises:
        FileNotFoundError: If an image or a list is missing.
        ValueError: If an entry is bad, two images have one name, or a list
            names an unknown id.
    """
    bad = BadInput(on_error)
    for name in ('images', 'labelTxt', 'ImageSets'):
        (out / name).mkdir(parents=True, exist_ok=True)
    splits: Dict[str, List[str]] = {}
    done: Dict[str, str] = {}
    good: Set[str] = set()
    found: Set[str] = set()
    for record in READERS[kind](source, bad):
        found.update(ship.name for ship in record.ships)
        new = record.img_id not in done
        if done.setdefault(record.img_id, record.image) != record.image:
            raise ValueError(
                f'{record.image} and {done[record.img_id]} would both become '
                f'{record.img_id}; rename one of them.')
        if new:
            try:
                write_record(record, out, naming, link, bad)
            except (ValueError, FileNotFoundError) as error:
                bad.report(error)
            else:
                good.add(record.img_id)
        splits.setdefault(record.split or split, []).append(record.img_id)
    for name, ids in (lists or {}).items():
        missing = [i for i in ids if i not in done]
        if missing:
            raise ValueError(
                f'--lists {name}: {len(missing)} ids are not in the source, '
                f'the first: {missing[0]}')
    bad.summarise(source.path)
    naming.check(found, {naming.rename.get(name, name) for name in found})
    counts = {}
    for name, ids in (lists or splits).items():
        ids = [i for i in ids if i in good]
        counts[name] = len(ids)
        (out / 'ImageSets' / f'{name}.txt').write_text(
            ''.join(f'{i}\n' for i in ids))
    return counts
