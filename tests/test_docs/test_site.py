"""The site builds strictly, and what its pages point to is there."""
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from tests.helpers import ROOT


class Page(HTMLParser):
    """The targets and the anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.anchors, self.text = [], set(), []
        self.code = 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.code += tag in ('code', 'script', 'style')
        self.anchors.add(attrs.get('id'))
        target = attrs.get('href' if tag in ('a', 'link') else 'src')
        if target:
            self.targets.append(target)

    def handle_endtag(self, tag):
        self.code -= tag in ('code', 'script', 'style')

    def handle_data(self, data):
        if not self.code:
            self.text.append(data)


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp('site')
    config = load_config(str(ROOT / 'mkdocs.yml'), strict=True,
                         site_dir=str(folder))
    config.plugins.on_startup(command='build', dirty=False)
    # A warning raises.
    build(config)
    return folder, {
        path: Page(path.read_text(encoding='utf-8'))
        for path in folder.rglob('*.html')
        if path.relative_to(folder).parts[0] != '404.html'}


def test_every_document_is_a_page(site):
    folder, pages = site
    found = {path.parent.relative_to(folder).as_posix() for path in pages}
    documents = {path.stem for path in ROOT.glob('docs/*.md')}
    papers = {path.parent.name for path in ROOT.glob('configs/*/README.md')}
    assert found == {
        '.', 'changelog', 'contributing', 'weights', *documents,
        *(f'papers/{name}' for name in papers),
        *(f'notebooks/{name}' for name in papers)}


def test_every_page_has_its_place_in_the_navigation(site):
    folder, pages = site
    # What mkdocs.yml does not name would stand there.
    text = ''.join(pages[folder / 'index.html'].text)
    assert 'Guides' in text and 'More' not in text.split()


def test_links_pictures_and_anchors_are_there(site):
    folder, pages = site
    wrong, looked_at = [], 0
    for path, page in pages.items():
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            looked_at += 1
            place = (path.parent / unquote(parts.path)).resolve() \
                if parts.path else path
            if place.is_dir():
                place /= 'index.html'
            anchor = unquote(parts.fragment)
            # Material's own, as __code_0_span, are made by its script.
            known = place not in pages or anchor.startswith('__') or \
                not anchor or anchor in pages[place].anchors
            if not (place.is_file() and known):
                wrong.append((path, target))
    assert looked_at > 500
    assert not wrong


def test_no_markdown_is_left_in_the_text(site):
    for path, page in site[1].items():
        text = ''.join(page.text)
        assert '](' not in text and '```' not in text, path


def test_sources_of_the_repository_are_not_pages(site):
    folder = Path(site[0])
    assert not list((folder / '_site').glob('*.py'))
    assert not list(folder.glob('notebooks/*.ipynb'))
