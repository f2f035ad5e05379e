"""Text as people have it on disk: marks, encodings, ends of lines, names."""
import codecs
import os.path as osp
import re
import tempfile
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from typing import Iterator, List

from .bad_input import AnnotationError

REMEDY = ('Restore the file, or take the image out of the split, or set '
          'on_error="skip"')
# The longer marks first: that of UTF-16 begins that of UTF-32.
MARKS = ((codecs.BOM_UTF32_LE, 'utf-32'), (codecs.BOM_UTF32_BE, 'utf-32'),
         (codecs.BOM_UTF8, 'utf-8-sig'), (codecs.BOM_UTF16_LE, 'utf-16'),
         (codecs.BOM_UTF16_BE, 'utf-16'))
DECLARATION = re.compile(
    r'\A\s*<\?xml[^>]*?encoding\s*=\s*["\']([\w.:-]+)["\'][^>]*\?>')
NUMBERS = re.compile(r'([0-9]+)')
# What calls itself by an older standard often holds more than that.
WIDER = {'gb2312': 'gb18030', 'gbk': 'gb18030', 'euc-cn': 'gb18030'}


def decode_text(content: bytes, path: str, encoding: str = 'utf-8') -> str:
    """The text of a file by its byte order mark, else by an encoding.

    Args:
        content (bytes): What is in the file.
        path (str): The file, for messages.
        encoding (str): What a file without mark is in.

    Returns:
        str: The text, without mark, all ends of lines as ``'\\n'``.

    Raises:
        AnnotationError: If it is no such text.
    """
    for mark, marked in MARKS:
        if content.startswith(mark):
            encoding = marked
            break
    try:
        text = content.decode(encoding)
    except (UnicodeError, LookupError) as error:
        raise AnnotationError(
            path, f'is not {encoding.upper()} text ({error})',
            'Save it as UTF-8. ' + REMEDY) from error
    if '\0' in text:
        raise AnnotationError(
            path, 'holds NUL characters; it is no text, or UTF-16 without a '
            'byte order mark', 'Save it as UTF-8. ' + REMEDY)
    return text.replace('\r\n', '\n').replace('\r', '\n')


def starts_with_mark(path: str) -> bool:
    """Whether a file starts with a byte order mark."""
    with open(path, 'rb') as file:
        return file.read(4).startswith(tuple(mark for mark, _ in MARKS))


def read_text(path: str) -> str:
    """A text file in UTF-8, or in what its byte order mark says.

    Args:
        path (str): The file.

    Returns:
        str: See :func:`decode_text`.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is no text.
    """
    with open(path, 'rb') as file:
        return decode_text(file.read(), str(path))


def read_lines(path: str) -> List[str]:
    """The lines of a text file, without their ends; see :func:`read_text`.

    Args:
        path (str): The file.

    Returns:
        List[str]: The lines.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is no text.
    """
    return read_text(path).split('\n')


def read_ids(path: str) -> List[str]:
    """The entries of a list, one per line, blanks taken away.

    Args:
        path (str): The list.

    Returns:
        List[str]: The entries, backslashes of paths as slashes.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is no text.
    """
    return [slashes(line.strip())
            for line in read_lines(path) if line.strip()]


def slashes(name: str) -> str:
    """The name of a file with the slashes of all systems but Windows.

    A name with a backslash in it is a path that was written on Windows.
    """
    return name.replace('\\', '/') if '\\' in name else name


def read_xml(path: str) -> ET.Element:
    """The root of an XML file, in whatever encoding it declares.

    The parser of Python knows no encoding of several bytes but Unicode's;
    such files are decoded before it sees them.

    Args:
        path (str): The file.

    Returns:
        xml.etree.ElementTree.Element: The root.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is not well-formed, or not in the encoding
            that it declares.
    """
    try:
        return ET.parse(path).getroot()
    # LookupError: an encoding that Python does not know.
    except (ET.ParseError, LookupError, ValueError) as error:
        with open(path, 'rb') as file:
            content = file.read()
        try:
            text = _declared_text(content, path)
            return ET.fromstring(DECLARATION.sub('', text, count=1))
        except (ET.ParseError, LookupError, ValueError):
            remedy = REMEDY
            if not _is_unicode(content):
                remedy = ('If it is text in another encoding, declare it in '
                          'the first line, for example <?xml version="1.0" '
                          'encoding="gb18030"?>, or save it as UTF-8. ' +
                          REMEDY)
            raise AnnotationError(
                path, f'is not well-formed XML ({error})', remedy) from error


def _declared_text(content: bytes, path: str) -> str:
    """The text of an XML file by its mark or its declaration."""
    declared = DECLARATION.match(content[:200].decode('latin-1'))
    encoding = declared.group(1).lower() if declared else 'utf-8'
    # Without a mark it is not in what some writers declare by default.
    if encoding.startswith(('utf-16', 'utf16')):
        encoding = 'utf-8'
    return decode_text(content, path, WIDER.get(encoding, encoding))


def _is_unicode(content: bytes) -> bool:
    try:
        content.decode('utf-8')
    except UnicodeDecodeError:
        return content.startswith(tuple(mark for mark, _ in MARKS))
    return True


def natural_key(name: str) -> tuple:
    """A key that sorts names as people number them: ``frame_2`` before
    ``frame_10``, whatever stands around the numbers."""
    return tuple((0, int(part), '') if part.isdigit() else (1, 0, part)
                 for part in NUMBERS.split(name) if part) + ((2, 0, name), )


@contextmanager
def temporary_copy(text: str, suffix: str = '.txt') -> Iterator[str]:
    """A file with a text, for readers of the hosts that take a path only.

    Args:
        text (str): What is to be read.
        suffix (str): End of the name.

    Yields:
        str: The path; the file is gone afterwards.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = osp.join(folder, 'copy' + suffix)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        yield path


def stem_of(entry: str) -> str:
    """The id of an image that is listed by its path: the name without
    folders and extension."""
    return osp.splitext(osp.basename(slashes(entry)))[0]
