"""Packaging of mmextra; the dependencies stand in ``requirements/``."""
import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def requirements(name: str) -> list:
    lines = (HERE / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line.split('#')[0].strip() for line in lines
            if line.split('#')[0].strip()]


def version() -> str:
    text = (HERE / 'mmextra' / 'version.py').read_text()
    return re.search(r"__version__ = '(.+)'", text).group(1)


setup(
    name='mmextra',
    version=version(),
    description='Five detection papers as components for mmdet and mmrotate',
    long_description=(HERE / 'README.md').read_text(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=('mmextra', 'mmextra.*')),
    package_data={
        'mmextra': ['py.typed'],
        'mmextra.evaluation': ['references/*.yml'],
    },
    python_requires='>=3.8',
    install_requires=requirements('runtime'),
    extras_require={
        name: requirements(name) for name in ('tests', 'vis', 'speed', 'ct')
    })
