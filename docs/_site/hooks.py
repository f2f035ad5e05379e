"""Pages that stand elsewhere in the repository, brought into the site.

README.md, CONTRIBUTING.md, CHANGELOG.md, the page of the weights and the
papers' pages are written once, with links that work in the repository. Here
each becomes a page, a notebook as well, and every relative link is turned to
the page, or to a copy of the file, that it means.
"""
import json
import os.path
import posixpath
import re
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
# Markdown and HTML: [text](target#part), src="target"
LINK = re.compile(r'(\]\(|src=")([^)"#\s:]+)(#[^)"\s]*)?(\)|")')
FOLDER_LINK = re.compile(r'\[([^\]]+)\]\(([^)#\s:]+)\)')
NUMBERED = re.compile(r'\d+\. ')


def sources() -> Dict[str, str]:
    """Path in the repository to path in the site, of every page."""
    found = {'README.md': 'index.md', 'CONTRIBUTING.md': 'contributing.md',
             'CHANGELOG.md': 'changelog.md',
             'weights/README.md': 'weights.md'}
    for path in sorted(ROOT.glob('configs/*/README.md')):
        found[_name(path)] = f'papers/{path.parent.name}.md'
    for path in sorted(ROOT.glob('docs/*.md')):
        found[_name(path)] = path.name
    for path in sorted(ROOT.glob('docs/notebooks/*.ipynb')):
        found[_name(path)] = f'notebooks/{path.stem}.md'
    return found


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def notebook_page(text: str) -> str:
    """A notebook as Markdown."""
    parts = []
    for cell in json.loads(text)['cells']:
        source = ''.join(cell['source'])
        parts.append(source if cell['cell_type'] == 'markdown' else
                     f'```python\n{source}\n```')
    return '\n\n'.join(parts) + '\n'


def read(source: str) -> str:
    """A page's Markdown."""
    text = (ROOT / source).read_text(encoding='utf-8')
    return notebook_page(text) if source.endswith('.ipynb') else text


def site_target(source: str, link: str, pages: Dict[str, str]
                ) -> Optional[str]:
    """Where a link of a page leads to in the site.

    Args:
        source (str): The page's path in the repository.
        link (str): A relative link on it.
        pages (dict[str, str]): Of :func:`sources`.

    Returns:
        str, optional: Path in the site; None if the repository has no such
        file, or it is a folder without a page.
    """
    path = posixpath.normpath(
        posixpath.join(posixpath.dirname(source), link))
    if f'{path}/README.md' in pages:
        path = f'{path}/README.md'
    if path in pages:
        return pages[path]
    if path.startswith('..') or not (ROOT / path).is_file():
        return None
    if path.startswith('docs/'):
        return path[5:]
    # As text: a browser would download a script instead of showing it.
    text = Path(path).suffix in ('.py', '.sh', '.yml', '.txt', '.toml')
    return f'files/{path}{".txt" if text else ""}'


def linked_files(pages: Dict[str, str]) -> Iterator[str]:
    """Paths in the repository of the files that pages link to."""
    for source in pages:
        for _, link, _, _ in LINK.findall(read(source)):
            target = site_target(source, link, pages)
            if target and target.startswith('files/'):
                yield posixpath.normpath(posixpath.join(
                    posixpath.dirname(source), link))


def deeper_lists(text: str) -> str:
    """Numbered lists indented by four, as Python-Markdown wants them."""
    lines, inside = [], False
    for line in text.splitlines():
        if NUMBERED.match(line):
            inside = True
        elif line and not line.startswith('   '):
            inside = False
        lines.append(f' {line}' if inside and line.startswith('   ')
                     else line)
    return '\n'.join(lines) + '\n'


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Pages that mkdocs.yml does not name yet stand at the end of it."""
    named = json.dumps(config.nav)
    rest = [target for target in sources().values()
            if f'"{target}"' not in named]
    if rest:
        config.nav.append({'More': rest})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add pages and linked files from outside of ``docs``."""
    pages = sources()
    for source, target in pages.items():
        if files.get_file_from_path(target) is None:
            files.append(File.generated(config, target, content=read(source)))
    for path in sorted(set(linked_files(pages))):
        files.append(File.generated(
            config, site_target('README.md', path, pages),
            abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn the links."""
    pages = sources()
    source = {target: path for path, target in pages.items()}[
        page.file.src_uri]
    here = posixpath.dirname(page.file.src_uri)

    def turn(match: Any) -> str:
        before, link, part, after = match.groups()
        target = site_target(source, link, pages)
        if target is None:
            return match.group()
        if before == 'src="':
            # HTML is not looked at by MkDocs: a page is a folder in the site.
            here_url = posixpath.dirname(page.file.dest_uri)
            return f'src="{posixpath.relpath(target, here_url or ".")}"'
        return (f'{before}{posixpath.relpath(target, here or ".")}'
                f'{part or ""}{after}')

    def without_folder(match: Any) -> str:
        path = ROOT / os.path.dirname(source) / match.group(2)
        return match.group(1) if path.is_dir() and not (
            path / 'README.md').is_file() else match.group()

    return LINK.sub(turn, FOLDER_LINK.sub(
        without_folder, deeper_lists(markdown)))
