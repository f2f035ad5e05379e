"""What the names of CT slices say: class, patient, scan, slice."""
import os.path as osp
import re
from typing import NamedTuple, Optional, Tuple

from ..ct_files import DICOM, split_slice
from ..image_files import EXTENSIONS

# Of COVIDx-CT and CNCB; the classes of the paper, in its order.
PREFIXES = ('Normal', 'CP', 'NCP')
CT_NAME = re.compile(r'(Normal|CP|NCP|[0-2])_(\d+)_(\d+)_(\d+)')
# Names in the releases 2 and 3 of COVIDx-CT, by source. A patient is what
# its metadata.csv counts as one: slices of COVID-CTset have folders before
# the number, which differ within a patient.
RELEASED_NAMES = tuple(re.compile(pattern) for pattern in (
    # COVID-CTset
    r'\w*?_(?P<patient>patient\d+)_(?P<scan>SR_\d+)_(?P<slice>IM\d+)',
    # COVID-CT-MD
    r'(?P<patient>COVIDCTMD-(?:P|cap|normal)\d+)-(?P<slice>IM\d+)',
    # COVID-19-20 and CT Images in COVID-19, of one institution
    r'(?P<patient>volume-covid19-A-\d+)(?:_(?P<scan>\d+))?(?:_ct)?'
    r'[-_](?P<slice>\d+)',
    # LIDC-IDRI
    r'(?P<patient>LIDC-IDRI-\d+)-(?P<scan>[\d.]+)-(?P<slice>\d+)',
    # COVID-19-CT-Seg
    r'(?P<patient>coronacases_\d+)[-_](?P<slice>\d+)',
    r'(?P<patient>radiopaedia_\d+_(?P<scan>\d+))_\d+[-_](?P<slice>\d+)',
    # Radiopaedia
    r'(?P<patient>radiopaedia-\d+)-(?P<scan>\d+-\d+)-(?P<slice>\d+)',
    # iCTCF
    r'(?P<patient>HUST-Patient\d+)[-_](?P<slice>\d+)',
    # STOIC
    r'(?P<patient>STOIC-\d+)-(?P<slice>\d+)',
    # MosMedData
    r'(?P<patient>study_\d+)[-_](?P<slice>\d+)',
    # Stony Brook
    r'(?P<patient>A\d{6})-(?P<scan>.+-\d+)-(?P<slice>\d+)',
))
# COVID-19-CT-Seg took these studies from Radiopaedia, as COVIDx-CT did too,
# there under the numbers of the cases.
RADIOPAEDIA_CASES = {
    '85506': '74576', '85703': '74724', '85902': '74879', '85914': '74887',
    '86410': '75281', '86491': '75329', '86625': '75417'
}
MASKED_NAME = re.compile(r'\d+_\d+')


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


class CTSource(NamedTuple):
    """Whose slice a name tells.

    Attributes:
        patient_id (str): The patient, as COVIDx-CT's metadata has it.
        scan_id (str): The scan; empty where a patient has one.
        slice_id (str): The slice in it.
    """
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


def parse_ct_source(name: str) -> Optional[CTSource]:
    """Whose slice a name of any release of COVIDx-CT tells.

    Args:
        name (str): As for :func:`parse_ct_name`, or one of the releases 2
            and 3, ``COVIDCTMD-P001-IM0027.png`` for one.

    Returns:
        CTSource or None: None for a name of another form, of which nothing
        is guessed.
    """
    parsed = parse_ct_name(name)
    if parsed:
        return CTSource(*parsed[1:])
    stem = image_stem(osp.basename(name))
    for pattern in RELEASED_NAMES:
        found = pattern.fullmatch(stem)
        if found:
            parts = found.groupdict()
            case = RADIOPAEDIA_CASES.get(parts.get('scan') or '')
            if case and stem.startswith('radiopaedia_'):
                parts['patient'] = f'radiopaedia-{case}'
            return CTSource(parts['patient'], parts.get('scan') or '',
                            parts['slice'])
    return None


def image_stem(name: str) -> str:
    """A name without the extension of an image or a DICOM file; what else
    follows a dot stays, as in 1.2.840."""
    stem, extension = osp.splitext(name)
    return stem if extension.lower() in EXTENSIONS + DICOM else name


def patient_of(name: str, where: str) -> str:
    """The patient that a slice's name tells, for comparing lists.

    Args:
        name (str): See :func:`parse_ct_source`, or a slice with masks:
            ``0_115.jpg`` or ``0/115.jpg``.
        where (str): File and line, for the message.

    Returns:
        str: ``'classified 96'`` for those of CNCB, ``'segmented 0'`` for
        slices with masks, whose numbers are of their own kind, else the
        patient's id in COVIDx-CT.

    Raises:
        ValueError: If the name tells none.
    """
    source = parse_ct_source(name)
    if source:
        return (f'classified {source.patient_id}'
                if source.patient_id.isdigit() else source.patient_id)
    base = osp.basename(name)
    # In folders of patients or of anything else.
    patient, slice_id = parse_slice_name(
        base if MASKED_NAME.fullmatch(image_stem(base)) else name)
    if not (patient.isdigit() and slice_id.isdigit()):
        raise ValueError(
            f'{where}: {name!r} tells no patient. Known are the names of '
            'COVIDx-CT 1 to 3 (NCP_96_1328_0032.png, '
            'COVIDCTMD-P001-IM0027.png, ...), the authors\' '
            '2_96_1328_0032.png, and 0_115.jpg.')
    return f'segmented {patient}'


def slice_stem(name: str) -> str:
    """A slice's name without extension.

    Args:
        name (str): ``0_115.jpg``, or ``scan.nii.gz#12``, with or without
            folders.

    Returns:
        str: ``0_115``, ``scan#12``: the number of a volume's slice stays.
    """
    path, number = split_slice(name)
    stem, extension = osp.splitext(path)
    if extension.lower() == '.gz':
        stem = osp.splitext(stem)[0]
    return stem if number is None else f'{stem}#{number}'


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
    stem = image_stem(name)
    if '/' in stem:
        folder, stem = osp.split(stem)
        return osp.basename(folder), stem
    patient, _, slice_id = stem.rpartition('_')
    return patient, slice_id
