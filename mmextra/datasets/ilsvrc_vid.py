"""From ILSVRC's folders of XML files to COCO-VID and COCO files."""
import os
import os.path as osp
import warnings
from multiprocessing import Pool
from typing import Dict, List, Optional, Sequence, Tuple

from .ilsvrc_classes import VID_CLASSES

# find_videos is importable from here too.
from .ilsvrc_files import (  # noqa: F401
    FrameFile,
    VIDObject,
    find_videos,
    read_annotation,
    read_video,
    xml_files,
)
from .image_files import image_size

CATEGORY_IDS = {wnid: k for k, wnid in enumerate(VID_CLASSES.values(), 1)}
CATEGORIES = [
    dict(id=k, name=name, encode_name=wnid)
    for k, (name, wnid) in enumerate(VID_CLASSES.items(), 1)
]
# Videos of ILSVRC 2015 to 2017.
PAPER_VIDEOS = dict(train=3862, val=555)


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
        return _collect(root, names, read, is_train, train_frames,
                        frames_per_video)
    finally:
        if pool:
            pool.terminate()


def spread(count: int, wanted: int) -> List[int]:
    """Up to ``wanted`` indices below ``count`` at even distances."""
    if count <= wanted:
        return list(range(count))
    return [int((k + 0.5) * count / wanted) for k in range(wanted)]


def _collect(root, names, read, is_train, train_frames,
             frames_per_video) -> Tuple[dict, dict]:
    video_file = dict(
        categories=CATEGORIES, videos=[], images=[], annotations=[])
    image_file = dict(categories=CATEGORIES, images=[], annotations=[])
    gaps, others, num_tracks = [], {}, 0
    shared: List[str] = []
    resized: List[str] = []
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
        note = _other_size(osp.join(root, 'Data', 'VID', name), frames[0])
        if note:
            resized.append(note)
        # A number that a frame has twice is that of two objects.
        tracks: Dict[Tuple[int, int], int] = {}
        for position, frame in enumerate(frames):
            image = dict(
                id=len(video_file['images']) + 1,
                file_name=f'{name}/{frame.stem}{frame.extension}',
                height=frame.height, width=frame.width,
                frame_id=position, video_id=video_id,
                is_vid_train_frame=is_train and position in key)
            video_file['images'].append(image)
            found = []
            here: Dict[int, int] = {}
            for item in frame.objects:
                if item.wnid not in CATEGORY_IDS:
                    others[item.wnid] = others.get(item.wnid, 0) + 1
                    continue
                here[item.track] = here.get(item.track, 0) + 1
                track = item.track, here[item.track]
                if track not in tracks:
                    num_tracks += 1
                    tracks[track] = num_tracks
                if track[1] == 2:
                    shared.append(f'{name}/{frame.stem}, trackid {track[0]}')
                found.append(_annotation(item, image, tracks[track]))
            for each in found:
                each['id'] = len(video_file['annotations']) + 1
                video_file['annotations'].append(each)
            if position in key:
                image_file['images'].append(image)
                image_file['annotations'].extend(found)
    _tell(gaps, others, len(names))
    if shared:
        warnings.warn(
            f'{len(shared)} times two objects of a frame have one trackid, '
            f'in {shared[0]} for one; they are taken as two in the order of '
            'the file, and their speeds are not reliable', stacklevel=3)
    if resized:
        warnings.warn(
            f'{len(resized)} of {len(names)} videos have frames of another '
            f'size than their files say; {resized[0]}', stacklevel=3)
    if is_train and train_frames is not None:
        _tell_unmatched(train_frames, names, image_file)
    return video_file, image_file


def _other_size(folder: str, frame: FrameFile) -> str:
    """Whether an image has another size than its annotation says."""
    path = osp.join(folder, frame.stem + frame.extension)
    try:
        size = image_size(path)
    except (OSError, ValueError):
        return ''
    if size == (frame.width, frame.height):
        return ''
    return (f'{path} is {size[0]} x {size[1]}, annotated as {frame.width} x '
            f'{frame.height}')


def _tell_unmatched(wanted: Dict[str, List[int]], names: Sequence[str],
                    image_file: dict) -> None:
    """Say what of a list of frames was not found.

    Raises:
        ValueError: If it was nothing.
    """
    there = [name for name in wanted if name in set(names)]
    asked = sum(len(set(numbers)) for numbers in wanted.values())
    found = len(image_file['images'])
    text = (f'the list names {len(wanted)} videos and {asked} frames; '
            f'{len(there)} of these videos and {found} of these frames are '
            f'among the {len(names)} videos of the data set')
    first = next((name for name in wanted if name not in there), None)
    if first:
        text += f'. Listed and not there: {first}; there: {names[0]}'
    if not found:
        raise ValueError(
            text + '. Is it the list of another release, or of another '
            'kind? Go without it, or give the one of this release.')
    if found < asked or len(there) < len(names):
        warnings.warn(text, stacklevel=4)


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
    for place, names in xml_files(osp.join(base, 'train')):
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
