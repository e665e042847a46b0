"""Pages that have their home outside docs/: the README, CONTRIBUTING and the changelog."""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
_PAGES = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "card.md": "t2i/shipped/birds/README.md",
}


def on_files(files: Files, *, config: Any) -> Files:
    """Adds each page, its links rewritten from the repository's tree to the site's."""
    for page, source in _PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        for target, home in _PAGES.items():
            text = text.replace(f"]({home})", f"]({target})")
        text = re.sub(r"\]\(docs/", "](", text)
        files.append(File.generated(config, page, content=text))
    return files
