"""Packaging of mmextra; the dependencies stand in ``requirements/``."""
import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
# Packed into mmextra/.mim, where mim and mmengine look for them.
RESOURCES = ('configs', 'tools', 'model-index.yml')


def requirements(name: str) -> list:
    lines = (HERE / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line.split('#')[0].strip() for line in lines
            if line.split('#')[0].strip()]


def version() -> str:
    text = (HERE / 'mmextra' / 'version.py').read_text()
    return re.search(r"__version__ = '(.+)'", text).group(1)


class BuildWithResources(build_py):
    """Bring configs, tools and the model index along.

    A wheel gets copies. An editable install reads the repository itself and
    gets links for mim.
    """

    def run(self):
        super().run()
        if getattr(self, 'editable_mode', False):
            target, bring = HERE / 'mmextra' / '.mim', self._link
        else:
            target, bring = Path(self.build_lib, 'mmextra', '.mim'), self._copy
        # What was removed from the repository must not stay.
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in RESOURCES:
            bring(HERE / name, target / name)

    @staticmethod
    def _link(source: Path, target: Path) -> None:
        target.symlink_to(Path('..', '..', source.name),
                          target_is_directory=source.is_dir())

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        if source.is_dir():
            # The scripts that set up a checkout are of no use in a wheel.
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(
                '__pycache__', '*.py[cod]', 'quickstart.sh', 'run_tests.sh',
                'test_stacks.sh'))
        else:
            shutil.copy2(source, target)


setup(
    name='mmextra',
    version=version(),
    description='Five detection papers as components for mmdet and mmrotate',
    long_description=(HERE / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(
        include=('mmextra', 'mmextra.*', 'mmextra_stack',
                 'mmextra_runtime')),
    package_data={
        'mmextra': ['py.typed'],
        'mmextra.evaluation': ['references/*.yml', 'zoo/Snakefile'],
    },
    python_requires='>=3.10,<3.14',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3',
        *(f'Programming Language :: Python :: 3.{minor}'
          for minor in range(10, 14)),
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
    install_requires=requirements('runtime'),
    extras_require={
        name: requirements(name)
        for name in ('openmmlab', 'onedl', 'tests', 'vis', 'speed', 'ct',
                     'export', 'bench', 'docs')
    },
    cmdclass=dict(build_py=BuildWithResources),
    entry_points=dict(
        console_scripts=['mmextra = mmextra_stack.command:main']))
