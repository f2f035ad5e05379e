"""From ILSVRC's folders of XML files to COCO-VID and COCO files."""
import fnmatch
import os
import os.path as osp
import warnings
import xml.etree.ElementTree as ET
from multiprocessing import Pool
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from .annotation_files import (
    read_xml,
    voc_box,
    voc_int,
    voc_name,
    voc_objects,
    voc_size,
)
from .bad_input import AnnotationError
from .ilsvrc_classes import VID_CLASSES

CATEGORY_IDS = {wnid: k for k, wnid in enumerate(VID_CLASSES.values(), 1)}
CATEGORIES = [
    dict(id=k, name=name, encode_name=wnid)
    for k, (name, wnid) in enumerate(VID_CLASSES.items(), 1)
]
# Videos of ILSVRC 2015 to 2017.
PAPER_VIDEOS = dict(train=3862, val=555)


class VIDObject(NamedTuple):
    """An object of an annotation file.

    Attributes:
        wnid: WordNet id of its class.
        track: Its track within the video.
        bbox: ``x1, y1, x2, y2``, pixels.
        occluded: 0 or 1.
        generated: 0 or 1; whether the box was interpolated.
    """
    wnid: str
    track: int
    bbox: Tuple[float, float, float, float]
    occluded: int
    generated: int


def read_annotation(path: str) -> Tuple[int, int, List[VIDObject]]:
    """Read an annotation file of ILSVRC.

    Args:
        path (str): The XML file.

    Returns:
        tuple[int, int, list[VIDObject]]: Width, height and objects.

    Raises:
        AnnotationError: If it cannot be understood.
    """
    root = read_xml(path)
    size = voc_size(root)
    if size is None:
        raise AnnotationError(
            path, 'is no ILSVRC annotation: it has no <size> with a width '
            'and a height', 'Replace the file, or take it away; a frame '
            'without file is left out')
    objects = [_read_object(item, f'{path}, object {k}', k)
               for k, item in enumerate(voc_objects(root, path))]
    return (*size, objects)


def _read_object(item: ET.Element, where: str, number: int) -> VIDObject:
    return VIDObject(
        wnid=voc_name(item, where),
        track=voc_int(item, 'trackid', where, number),
        bbox=voc_box(item, where),
        occluded=voc_int(item, 'occluded', where),
        generated=voc_int(item, 'generated', where))


def _xml_files(folder: str) -> Iterator[Tuple[str, List[str]]]:
    """Every folder below one that holds XML files, and their names."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        names = [name for name in files if name.lower().endswith('.xml')]
        if names:
            yield place, names


def find_videos(root: str, patterns: Sequence[str]) -> List[str]:
    """Videos with annotations, by the pattern of their names.

    Args:
        root (str): Folder with ``Annotations/VID``.
        patterns (Sequence[str]): Shell patterns, ``*`` also matches
            slashes: ``'train/*'``.

    Returns:
        list[str]: Paths below ``Annotations/VID``, sorted.

    Raises:
        FileNotFoundError: If no video is found.
    """
    base = osp.join(root, 'Annotations', 'VID')
    found = []
    for place, _ in _xml_files(base):
        name = osp.relpath(place, base).replace(os.sep, '/')
        if any(fnmatch.fnmatchcase(name, each) for each in patterns):
            found.append(name)
    if not found:
        raise FileNotFoundError(
            f'no video with XML files is in {osp.abspath(base)} whose path '
            f'matches {" or ".join(patterns)}. Expected is '
            'Annotations/VID/<split>/.../<video>/000000.xml and '
            'Data/VID/<split>/.../<video>/000000.JPEG.')
    return sorted(found)


class FrameFile(NamedTuple):
    """A frame: its number, the stem of its files, and what they hold."""
    number: int
    stem: str
    width: int
    height: int
    objects: List[VIDObject]


def read_video(root: str, name: str,
               extension: str = '.JPEG') -> List[FrameFile]:
    """Read all annotations of a video.

    Args:
        root (str): Folder with ``Annotations`` and ``Data``.
        name (str): Path of the video below ``Annotations/VID``.
        extension (str): Of the images.

    Returns:
        list[FrameFile]: In the order of their numbers, not of their names.

    Raises:
        AnnotationError: If a file is broken, an image missing, or the
            frames differ in size.
    """
    folder = osp.join(root, 'Annotations', 'VID', name)
    frames = []
    for file_name in os.listdir(folder):
        stem, suffix = osp.splitext(file_name)
        if suffix.lower() != '.xml':
            continue
        path = osp.join(folder, file_name)
        if not stem.isdigit():
            raise AnnotationError(path, 'the name is not a frame number',
                                  'Name frames 000000.xml, 000001.xml, ...')
        image = osp.join(root, 'Data', 'VID', name, stem + extension)
        if not osp.isfile(image):
            raise AnnotationError(
                image, f'this image of {path} is missing',
                'Restore it, or remove the XML file to leave the frame out')
        frames.append(FrameFile(int(stem), stem, *read_annotation(path)))
    frames.sort()
    sizes = {(f.width, f.height) for f in frames}
    if len(sizes) > 1:
        raise AnnotationError(
            folder, f'frames have the sizes {sorted(sizes)}',
            'A video must be of one size; split it where the size changes')
    return frames


def _read_job(job: Tuple[str, str, str]) -> List[FrameFile]:
    return read_video(*job)


def convert_videos(root: str,
                   names: Sequence[str],
                   is_train: bool,
                   train_frames: Optional[Dict[str, List[int]]] = None,
                   frames_per_video: int = 15,
                   workers: int = 0,
                   extension: str = '.JPEG') -> Tuple[dict, dict]:
    """Videos of ILSVRC as one COCO-VID file.

    Frames are numbered from 0 in the order of their file names' numbers; a
    gap in those is told once and closed. Objects of other classes are left
    out and counted.

    Args:
        root (str): Folder with ``Annotations/VID`` and ``Data/VID``.
        names (Sequence[str]): The videos, see :func:`find_videos`.
        is_train (bool): Whether they are for training.
        train_frames (dict[str, list[int]], optional): Numbers of the frames
            of each video for training on single images.
        frames_per_video (int): How many of those there are without
            ``train_frames``, at even distances.
        workers (int): Processes; 0 for none beside this.
        extension (str): Of the images.

    Returns:
        tuple[dict, dict]: The COCO-VID file, and a COCO file of the frames
        for training on single images.

    Raises:
        AnnotationError: See :func:`read_video`.
    """
    jobs = [(root, name, extension) for name in names]
    pool = Pool(workers) if workers else None
    try:
        read = pool.imap(_read_job, jobs, 8) if pool else map(_read_job, jobs)
        return _collect(names, read, is_train, train_frames,
                        frames_per_video, extension)
    finally:
        if pool:
            pool.terminate()


def spread(count: int, wanted: int) -> List[int]:
    """Up to ``wanted`` indices below ``count`` at even distances."""
    if count <= wanted:
        return list(range(count))
    return [int((k + 0.5) * count / wanted) for k in range(wanted)]


def _collect(names, read, is_train, train_frames, frames_per_video,
             extension) -> Tuple[dict, dict]:
    video_file = dict(
        categories=CATEGORIES, videos=[], images=[], annotations=[])
    image_file = dict(categories=CATEGORIES, images=[], annotations=[])
    gaps, others, num_tracks = [], {}, 0
    for video_id, (name, frames) in enumerate(zip(names, read), 1):
        numbers = [frame.number for frame in frames]
        if numbers[-1] - numbers[0] + 1 != len(numbers):
            gaps.append(name)
        key = set(spread(len(frames), frames_per_video))
        if train_frames is not None:
            wanted = set(train_frames.get(name, ()))
            key = {k for k, n in enumerate(numbers) if n in wanted}
        video_file['videos'].append(
            dict(id=video_id, name=name, width=frames[0].width,
                 height=frames[0].height, vid_train_frames=sorted(key)
                 if is_train else []))
        tracks: Dict[int, int] = {}
        for position, frame in enumerate(frames):
            image = dict(
                id=len(video_file['images']) + 1,
                file_name=f'{name}/{frame.stem}{extension}',
                height=frame.height, width=frame.width,
                frame_id=position, video_id=video_id,
                is_vid_train_frame=is_train and position in key)
            video_file['images'].append(image)
            found = []
            for item in frame.objects:
                if item.wnid not in CATEGORY_IDS:
                    others[item.wnid] = others.get(item.wnid, 0) + 1
                    continue
                if item.track not in tracks:
                    num_tracks += 1
                    tracks[item.track] = num_tracks
                found.append(_annotation(item, image, tracks[item.track]))
            for each in found:
                each['id'] = len(video_file['annotations']) + 1
                video_file['annotations'].append(each)
            if position in key:
                image_file['images'].append(image)
                image_file['annotations'].extend(found)
    _tell(gaps, others, len(names))
    return video_file, image_file


def _annotation(item: VIDObject, image: dict, instance_id: int) -> dict:
    x1, y1, x2, y2 = item.bbox
    return dict(
        video_id=image['video_id'], image_id=image['id'],
        category_id=CATEGORY_IDS[item.wnid], instance_id=instance_id,
        bbox=[x1, y1, x2 - x1, y2 - y1], area=(x2 - x1) * (y2 - y1),
        iscrowd=0, occluded=item.occluded, generated=item.generated)


def _tell(gaps: List[str], others: Dict[str, int], count: int) -> None:
    if gaps:
        warnings.warn(
            f'{len(gaps)} of {count} videos have gaps in the numbers of '
            f'their frames, {gaps[0]} for one; the frames on either side '
            'are taken as consecutive', stacklevel=4)
    if others:
        most = sorted(others, key=others.get)[-1]
        warnings.warn(
            f'{sum(others.values())} objects of {len(others)} classes that '
            f'are none of the 30 were left out, most of them {most!r}',
            stacklevel=4)


def convert_det(root: str, max_per_class: Optional[int] = None) -> dict:
    """Training images of ImageNet DET with objects of the 30 classes.

    Args:
        root (str): Folder with ``Annotations/DET/train`` and ``Data``.
        max_per_class (int, optional): Stop taking images for a class at
            this number.

    Returns:
        dict: A COCO file; paths are below ``Data/DET``. Objects of other
        classes are left out.

    Raises:
        FileNotFoundError: If there are no annotations.
        AnnotationError: If a file is broken.
    """
    base = osp.join(root, 'Annotations', 'DET')
    out = dict(categories=CATEGORIES, images=[], annotations=[])
    per_class = dict.fromkeys(CATEGORY_IDS, 0)
    for place, names in _xml_files(osp.join(base, 'train')):
        folder = osp.relpath(place, base).replace(os.sep, '/')
        for name in sorted(names):
            width, height, objects = read_annotation(osp.join(place, name))
            objects = [o for o in objects if o.wnid in CATEGORY_IDS]
            wnids = {o.wnid for o in objects}
            if not wnids or (max_per_class is not None and all(
                    per_class[wnid] >= max_per_class for wnid in wnids)):
                continue
            for wnid in wnids:
                per_class[wnid] += 1
            image = dict(
                id=len(out['images']) + 1, video_id=-1,
                file_name=f'{folder}/{osp.splitext(name)[0]}.JPEG',
                height=height, width=width)
            out['images'].append(image)
            for k, item in enumerate(objects, 1):
                each = _annotation(item, image, k)
                each.update(id=len(out['annotations']) + 1)
                out['annotations'].append(each)
    if not out['images']:
        raise FileNotFoundError(
            f'no image with one of the 30 classes is in {osp.abspath(base)}/'
            'train; unpack ImageNet DET there, or go without it')
    return out
