"""Synthetic videos in the on-disk format of ImageNet VID."""
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Dict, List, Sequence, Union

import numpy as np

from mmextra.datasets.ilsvrc_classes import VID_CLASSES
from mmextra.datasets.ilsvrc_vid import convert_videos, find_videos
from mmextra.utils.files import write_image

from .folder import set_arguments, write_once
from .moving_scene import CLEAR, PACES, MovingScene, Truth

# Raise it when the same arguments give other pictures.
VERSION = 2
SPLITS = ('train', 'val', 'test')


def video_lengths(count: int, frames: int) -> List[int]:
    """Frames of each video of a split: about ``frames``, the last has 1."""
    lengths = [max(2, frames + 3 * k % 9 - 4) for k in range(count)]
    return lengths[:-1] + [1] if count > 1 else lengths


def moving_files(arguments: dict) -> List[str]:
    """Paths below the root of a set made with these arguments."""
    files = ['annotations/imagenet_vid_train_15frames.json']
    for split in SPLITS:
        files.append(f'annotations/imagenet_vid_{split}.json')
        lengths = video_lengths(arguments[f'num_{split}'],
                                arguments['frames'])
        files += [
            f'{kind}/VID/{split}/{split}_{video:04d}/{frame:06d}.{suffix}'
            for video, length in enumerate(lengths)
            for frame in range(length)
            for kind, suffix in (('Data', 'JPEG'), ('Annotations', 'xml'))
        ]
    return files


def frame_xml(video: str, frame: int, size: int,
              truths: Sequence[Truth]) -> ET.ElementTree:
    """The annotation of a frame with the tags of ILSVRC.

    Args:
        video (str): Name of the video.
        frame (int): Number of the frame.
        size (int): Side in pixels.
        truths (Sequence[Truth]): Its objects.

    Returns:
        xml.etree.ElementTree.ElementTree: The document.
    """
    root = ET.Element('annotation')
    ET.SubElement(root, 'folder').text = video
    ET.SubElement(root, 'filename').text = f'{frame:06d}'
    place = ET.SubElement(root, 'size')
    for tag in ('width', 'height'):
        ET.SubElement(place, tag).text = str(size)
    for truth in truths:
        item = ET.SubElement(root, 'object')
        ET.SubElement(item, 'trackid').text = str(truth.track)
        ET.SubElement(item, 'name').text = VID_CLASSES[truth.name]
        box = ET.SubElement(item, 'bndbox')
        for tag, value in zip(('xmin', 'ymin', 'xmax', 'ymax'), truth.bbox):
            ET.SubElement(box, tag).text = str(value)
        ET.SubElement(item, 'occluded').text = str(
            int(truth.visible < CLEAR))
        ET.SubElement(item, 'generated').text = '0'
    return ET.ElementTree(root)


def make_moving_objects(root: Union[str, Path],
                        num_train: int = 80,
                        num_val: int = 12,
                        num_test: int = 32,
                        image_size: int = 160,
                        seed: int = 0,
                        frames: int = 24,
                        force: bool = False) -> dict:
    """Write videos of airplanes, cars and watercraft as ILSVRC has them.

    Objects move slowly, at medium speed, fast, or stand and rush in turns,
    one of these in each video; they pass behind poles, through shadow and
    behind each other, enter and leave. Fast ones are blurred by their
    motion, frames differ in exposure, and the noise is that of poor light,
    so that a single frame says less than several. An object that is seen by
    less than a quarter has no box; its track has a gap then. The last video
    of each split has a single frame.

    Makes ``Data/VID/<split>/<video>/<frame>.JPEG``, ``Annotations/VID/...
    .xml``, the files in ``annotations`` that the converter of ImageNet VID
    makes of them, and ``SYNTHETIC.json``. A video depends on the arguments,
    its split and its number alone.

    Not in the paper: the paper trains on ImageNet VID and DET alone.

    Args:
        root (str or Path): Folder to make.
        num_train (int): Number of training videos.
        num_val (int): Number of validation videos.
        num_test (int): Number of test videos.
        image_size (int): Side of the frames in pixels.
        seed (int): Seed.
        frames (int): Frames of a video, about.
        force (bool): Replace a set made here with other arguments.

    Returns:
        dict: Content of ``SYNTHETIC.json``; ``counts`` has the number of
        videos, frames and boxes per split.

    Raises:
        ValueError: If an argument is out of its range.
        FileExistsError: If the folder holds anything that was not made by
            this function, or, without ``force``, by other arguments.
    """
    counts = dict(train=num_train, val=num_val, test=num_test)
    for split, number in counts.items():
        if not 1 <= number <= 10000:
            raise ValueError(f'num_{split} must be 1 to 10000, got {number}')
    if image_size < 64 or frames < 2:
        raise ValueError('image_size must be at least 64 and frames at '
                         f'least 2, got {image_size} and {frames}')

    def write(place: Path) -> Dict[str, int]:
        found = {}
        for number, split in enumerate(SPLITS):
            for video, length in enumerate(
                    video_lengths(counts[split], frames)):
                rng = np.random.default_rng([seed, number, video])
                scene = MovingScene(rng, image_size,
                                    PACES[video % len(PACES)], length)
                _write_video(place, f'{split}/{split}_{video:04d}', scene)
            names = find_videos(str(place), [f'{split}/*'])
            videos, images = convert_videos(
                str(place), names, split == 'train')
            files = {f'imagenet_vid_{split}.json': videos}
            if split == 'train':
                files['imagenet_vid_train_15frames.json'] = images
            for name, content in files.items():
                (place / 'annotations' / name).write_text(
                    json.dumps(content) + '\n')
            found.update({
                f'{split}_videos': len(videos['videos']),
                f'{split}_frames': len(videos['images']),
                f'{split}_boxes': len(videos['annotations'])
            })
        return found

    arguments = set_arguments(counts, image_size, seed, frames=frames)
    return write_once(root, 'moving_objects', VERSION, arguments,
                      moving_files, write, force)


def _write_video(root: Path, name: str, scene: MovingScene) -> None:
    for t in range(scene.length):
        image, truths = scene.frame(t)
        write_image(root / 'Data' / 'VID' / name / f'{t:06d}.JPEG', image, 92)
        frame_xml(name.split('/')[-1], t, scene.size, truths).write(
            str(root / 'Annotations' / 'VID' / name / f'{t:06d}.xml'))
