"""What all readers of images with boxes share."""
import os.path as osp
import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from mmcv.transforms import BaseTransform, LoadImageFromFile
from mmdet.visualization.palette import get_palette

from mmextra.utils.palettes import with_enough_colours

from .class_names import class_tuple
from .image_files import check_loadable, image_size
from .text_files import stem_of
from .transforms.load_image_from_file import LoadImageFromFile as OwnLoader
from .transforms.load_image_from_file import keeps_eight_bits

# Records whose images are looked at while a data set is loaded.
SAMPLE = 100


class CheckLoadable(BaseTransform):
    """Refuse an image that the loader behind this would spoil.

    See :func:`~.image_files.check_loadable`.
    """

    def transform(self, results: dict) -> dict:
        """Check the image of ``results['img_path']``.

        Args:
            results (dict): With ``img_path`` if it is a file.

        Returns:
            dict: The same.

        Raises:
            AnnotationError: If the loader cannot read it, or would spoil it.
        """
        # An array that is given has none.
        if results.get('img_path'):
            check_loadable(results['img_path'])
        return results


def guard_loaders(pipeline: Any) -> None:
    """Put a :class:`CheckLoadable` before every loader of eight bits.

    Args:
        pipeline (Any): A ``Compose``, or a transform that holds others.
    """
    steps = getattr(pipeline, 'transforms', None)
    if hasattr(steps, 'transforms'):
        guard_loaders(steps)
    if not isinstance(steps, list):
        return
    for step in list(steps):
        guard_loaders(step)
        # The package's own checks by itself.
        if isinstance(step, LoadImageFromFile) and not isinstance(
                step, OwnLoader) and keeps_eight_bits(step):
            place = [step is each for each in steps].index(True)
            if not place or not isinstance(steps[place - 1], CheckLoadable):
                steps.insert(place, CheckLoadable())


class ClassTextMixin:
    """For a data set of mmengine: classes that are one text are one class.

    Attributes:
        CLASS_KEYS (tuple[str]): Those of ``metainfo`` that hold classes.
    """

    CLASS_KEYS: Tuple[str, ...] = ('classes', )

    @classmethod
    def _load_metainfo(cls, metainfo: Optional[Mapping] = None) -> dict:
        if isinstance(metainfo, Mapping):
            metainfo = dict(metainfo, **{
                key: class_tuple(metainfo[key], cls.__name__)
                for key in cls.CLASS_KEYS if metainfo.get(key) is not None})
        return super()._load_metainfo(metainfo)


class ReaderMixin(ClassTextMixin):
    """For a data set of mmengine: class names, loadable images, a reason.

    - ``metainfo=dict(classes=('ship'))``, a text, is one class.
    - Other classes than the data set's own have colours too.
    - An image that the pipeline's loader would spoil is refused by name.
    - A filter that leaves no image says why.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        guard_loaders(self.pipeline)

    @classmethod
    def _load_metainfo(cls, metainfo: Optional[Mapping] = None) -> dict:
        loaded = super()._load_metainfo(metainfo)
        colours = loaded.get('palette')
        if isinstance(colours, list) and 'palette' not in (metainfo or ()):
            # Each class keeps its colour; a list too short stops drawing.
            own = dict(zip(cls.METAINFO['classes'], colours))
            others = get_palette('random', len(loaded['classes']))
            loaded['palette'] = [own.get(*pair) for pair in zip(
                loaded['classes'], others)]
        return with_enough_colours(loaded)

    def require_images(self, kept: List[dict]) -> List[dict]:
        """What a filter leaves, if it is not nothing.

        Args:
            kept (list[dict]): The data infos left.

        Returns:
            list[dict]: The same.

        Raises:
            ValueError: Says how many there were, and what each lacks.
        """
        if kept:
            return kept
        infos = [frame for info in self.data_list
                 for frame in info.get('images', [info])]
        cfg = dict(self.filter_cfg or {})
        without = sum(not any(not item['ignore_flag'] for item in
                              info['instances']) for info in infos)
        small = sum(min(info['width'], info['height']) < cfg.get(
            'min_size', 0) for info in infos)
        raise ValueError(
            f'{self.ann_file or self.data_root or type(self).__name__}: no '
            f'image is left of {len(infos)}; {without} have no object of '
            f'{tuple(self.metainfo["classes"])} that counts, {small} are '
            f'smaller than min_size. filter_cfg is {cfg}; correct the '
            'classes, the files or the filter.')


def tell_other_sizes(infos: Sequence[dict], source: str) -> None:
    """Warn about images that are not there, or of another size than their
    record says.

    Up to a hundred images are looked at, at even distances.

    Args:
        infos (Sequence[dict]): ``img_path``, ``width`` and ``height``.
        source (str): The annotation file, for the message.
    """
    step = max(len(infos) // SAMPLE, 1)
    seen, other, absent = 0, [], []
    for info in infos[::step]:
        try:
            size = image_size(info['img_path'])
        except FileNotFoundError:
            # What is kept elsewhere is not looked at.
            if '://' not in info['img_path']:
                absent.append(info['img_path'])
            continue
        except (OSError, ValueError):
            continue
        seen += 1
        if size != (info['width'], info['height']):
            other.append((info, size))
    if absent:
        warnings.warn(
            f'{source}: {len(absent)} of {seen + len(absent)} images looked '
            f'at are not there, {absent[0]} for one. Correct data_root, '
            'data_prefix or the names in the file.', stacklevel=3)
    if other:
        info, size = other[0]
        warnings.warn(
            f'{source}: {len(other)} of {seen} images looked at have another '
            f'size than their record; {info["img_path"]} is {size[0]} x '
            f'{size[1]} as it is loaded, recorded as {info["width"]} x '
            f'{info["height"]}. Are both exchanged, or was an EXIF '
            'orientation not applied? Make the annotations again from the '
            'images as they are.', stacklevel=3)


def note_resized(notes: List[str], img_path: str, size: Tuple[int, int],
                 stated: Optional[Tuple[int, int]]) -> None:
    """Note an image that its annotation states to be of another size.

    Args:
        notes (list[str]): Gets a text.
        img_path (str): The image.
        size (tuple[int, int]): Width and height as it is loaded.
        stated (tuple[int, int], optional): As the annotation says.
    """
    if stated and stated != size:
        turned = ' (an EXIF orientation was not applied?)' if (
            stated == size[::-1]) else ''
        notes.append(f'{img_path} is {size[0]} x {size[1]}, annotated as '
                     f'{stated[0]} x {stated[1]}{turned}')


def tell_resized(source: str, notes: Sequence[str]) -> None:
    """Warn about what :func:`note_resized` noted."""
    if notes:
        warnings.warn(
            f'{source}: {len(notes)} images have another size than their '
            'annotation says; the size of the image counts. The first: '
            f'{notes[0]}', stacklevel=3)


def match_ids(entries: Sequence[str], known: Dict[str, str],
              source: str) -> List[str]:
    """The ids that the entries of a list mean, each once.

    An image that is listed again would be counted twice in a test; it is
    left out, and told.

    Args:
        entries (Sequence[str]): Ids, names of images or paths.
        known (dict[str, str]): Ids that there are.
        source (str): The list, for the message.

    Returns:
        list[str]: Of each entry that is no id the name without folders and
        extension, if there is such an id; else the entry.
    """
    ids = [entry if entry in known or stem_of(entry) not in known else
           stem_of(entry) for entry in entries]
    once = list(dict.fromkeys(ids))
    if len(once) < len(ids):
        (again, _), = Counter(ids).most_common(1)
        warnings.warn(
            f'{source}: left out {len(ids) - len(once)} entries of images '
            f'that are listed already, {again} for one', stacklevel=3)
    return once


def expects_truth(test_mode: bool, paths: Iterable[str], source: str) -> bool:
    """Whether the images of a list must have their annotations.

    In a test all may be without, to be detected on; where some have theirs,
    an image without would count as empty.

    Args:
        test_mode (bool): Whether the data set is for testing.
        paths (Iterable[str]): Where the annotations would be.
        source (str): The list, for the message.

    Returns:
        bool: Whether they must; if not, that is told.
    """
    if not test_mode or any(map(osp.isfile, paths)):
        return True
    warnings.warn(
        f'{source}: none of the images has an annotation; they are read '
        'without objects, for inference alone', stacklevel=3)
    return False


def share(missing: Sequence[str], entries: Sequence[str]) -> str:
    """How many entries of a list fit, for the message about the first."""
    if len(missing) < 2:
        return ''
    return (f' {len(missing)} of {len(entries)} entries of the list are '
            'missing in the same way; is it the list of another release?')
