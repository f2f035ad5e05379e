"""XML files in the format of Pascal VOC as one COCO file."""
from pathlib import Path
from typing import Any, Dict, List, Sequence

from ..annotation_files import voc_box, voc_flag, voc_name, voc_objects
from ..bad_input import AnnotationError, BadInput, OnError
from ..class_names import hint
from ..image_files import image_size, index_images
from ..reader import match_ids
from ..text_files import read_xml
from .ship_sources import REMEDY, find_image


def voc_to_coco(folder: Path,
                img_dir: Path,
                ids: Sequence[str],
                classes: Sequence[str],
                *,
                ignore: Sequence[str] = (),
                keep_difficult: bool = False,
                where: str = 'the list',
                on_error: OnError = 'raise') -> Dict[str, List[Dict]]:
    """The annotations of listed images in COCO's format.

    Boxes are taken as printed, without the pixel that VOC's own tools
    subtract. Objects marked difficult, and those of ``ignore``, become crowd
    regions, which neither training nor evaluation counts.

    Args:
        folder (Path): Of the files ``<id>.xml``.
        img_dir (Path): Of the images.
        ids (Sequence[str]): Names of images without extension, in the order
            to write.
        classes (Sequence[str]): Classes to write, categories 1 and on.
        ignore (Sequence[str]): Classes whose objects are regions that say
            nothing, a crowd of every category.
        keep_difficult (bool): Let objects marked difficult count.
        where (str): Where the ids come from, for messages.
        on_error (str): ``'raise'`` at a bad entry, or ``'skip'`` and count.

    Returns:
        dict: ``images``, ``annotations`` and ``categories``.

    Raises:
        FileNotFoundError: If an image or its file is missing.
        AnnotationError: If an entry is bad, or of an unknown class.
    """
    bad = BadInput(on_error)
    files = index_images(str(img_dir))
    known = {name: [k] for k, name in enumerate(classes, 1)}
    known.update({name: [*range(1, len(classes) + 1)] for name in ignore})
    images: List[Dict[str, Any]] = []
    annotations: List[Dict[str, Any]] = []
    for img_id in match_ids(ids, files, where):
        image = find_image(files, img_id, where)
        path = str(folder / f'{img_id}.xml')
        width, height = image_size(image)
        images.append(dict(
            id=len(images) + 1, file_name=Path(image).relative_to(
                img_dir).as_posix(), width=width, height=height))
        for k, element in enumerate(voc_objects(read_xml(path), path)):
            place = f'{path}, object {k}'
            try:
                name = voc_name(element, place)
                if name not in known:
                    raise AnnotationError(
                        place, f'the class {name} is unknown; '
                        f'{hint([name], sorted(known))}', REMEDY)
                x1, y1, x2, y2 = voc_box(element, place)
                difficult = voc_flag(element, 'difficult', place)
            except AnnotationError as error:
                bad.report(error)
                continue
            crowd = name in ignore or difficult and not keep_difficult
            box = [x1, y1, x2 - x1, y2 - y1]
            annotations += [dict(
                id=len(annotations) + 1 + offset, image_id=len(images),
                category_id=category, bbox=box, area=box[2] * box[3],
                iscrowd=int(crowd))
                for offset, category in enumerate(known[name])]
    bad.summarise(str(folder))
    return dict(
        images=images, annotations=annotations,
        categories=[dict(id=k, name=name)
                    for k, name in enumerate(classes, 1)])
