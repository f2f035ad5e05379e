"""Version, changelog and citation say the same."""
import re
from pathlib import Path

import yaml

import mmextra
from mmextra.evaluation.references import load_paper, papers

ROOT = Path(__file__).parents[1]


def test_the_changelog_begins_with_this_version():
    heads = re.findall(r'^## (\S+) \((\d{4}-\d\d-\d\d)\)$',
                       (ROOT / 'CHANGELOG.md').read_text(), flags=re.M)
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert heads[0][0] == mmextra.__version__ == str(citation['version'])
    assert heads[0][1] == str(citation['date-released'])
    assert heads == sorted(heads, reverse=True)


def test_every_paper_is_cited():
    cited = yaml.safe_load((ROOT / 'CITATION.cff').read_text())['references']
    titles = {' '.join(entry['title'].split()) for entry in cited}
    assert titles == {' '.join(load_paper(key).title.split())
                      for key in papers()}


def test_the_package_tells_that_it_is_typed():
    assert (Path(mmextra.__file__).parent / 'py.typed').is_file()
    assert "'py.typed'" in (ROOT / 'setup.py').read_text()
