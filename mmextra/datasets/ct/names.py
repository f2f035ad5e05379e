"""What the names of CT slices say: class, patient, scan, slice."""
import os.path as osp
import re
from typing import NamedTuple, Optional, Tuple

from ..image_files import EXTENSIONS
from ..transforms.load_ct_slice import DICOM

# Of COVIDx-CT and CNCB; the classes of the paper, in its order.
PREFIXES = ('Normal', 'CP', 'NCP')
CT_NAME = re.compile(r'(Normal|CP|NCP|[0-2])_(\w+?)_(\w+?)_(\w+)')


class CTName(NamedTuple):
    """The parts of a slice's name in the lists of COVIDx-CT.

    Attributes:
        label (int): 0 Control, 1 common pneumonia, 2 COVID-19.
        patient_id (str): Number of the patient.
        scan_id (str): Number of the scan.
        slice_id (str): Number of the slice in it.
    """
    label: int
    patient_id: str
    scan_id: str
    slice_id: str


def parse_ct_name(name: str) -> Optional[CTName]:
    """Read a name of the classification data.

    Args:
        name (str): ``NCP_96_1328_0032.png`` (COVIDx-CT) or
            ``2_96_1328_0032.png`` (the authors' list), with or without
            folders and extension.

    Returns:
        CTName or None: None for a name of another form.
    """
    found = CT_NAME.fullmatch(osp.splitext(osp.basename(name))[0])
    if not found:
        return None
    prefix, *rest = found.groups()
    label = PREFIXES.index(prefix) if prefix in PREFIXES else int(prefix)
    return CTName(label, *rest)


def slice_stem(name: str) -> str:
    """A slice's name without extension.

    Args:
        name (str): ``0_115.jpg``, or ``scan.nii.gz#12``, with or without
            folders.

    Returns:
        str: ``0_115``, ``scan#12``: the number of a volume's slice stays.
    """
    path, mark, number = name.partition('#')
    stem, extension = osp.splitext(path)
    if extension.lower() == '.gz':
        stem = osp.splitext(stem)[0]
    return stem + mark + number


def listed_name(name: CTName) -> str:
    """The authors' file name, ``<class>_<patient>_<scan>_<slice>``, without
    extension."""
    return '_'.join(map(str, name))


def parse_slice_name(name: str) -> Tuple[str, str]:
    """Patient and slice of a slice with lesion masks.

    Args:
        name (str): ``0_115`` (flat layout) or ``0/115`` (nested), with or
            without extension.

    Returns:
        tuple[str, str]: Patient and slice; an empty patient for a name
        without one.
    """
    stem, extension = osp.splitext(name)
    if extension.lower() not in EXTENSIONS + DICOM:
        # A part of a DICOM name, like 1.2.840.
        stem = name
    if '/' in stem:
        folder, stem = osp.split(stem)
        return osp.basename(folder), stem
    patient, _, slice_id = stem.rpartition('_')
    return patient, slice_id
