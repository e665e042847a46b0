"""What lies in the folders of a source, and in none of its examples."""

from pathlib import Path

from own_folders import tree

from prep.building.examples import UNLISTED, UNPICTURED, Note
from prep.sources.leftovers import captions_left, pictures_left


def test_pictures_that_a_list_does_not_name(tmp_path: Path) -> None:
    files = ("001.Ani/1.jpg", "001.Ani/2.JPG", "001.Ani/notes.md", "003.Owl/1.heic")
    tree(tmp_path, dict.fromkeys(files, ""))
    reason = "expected it in images.txt, got no line of it"
    assert list(pictures_left(tmp_path, ["001.Ani/1.jpg"], "images.txt")) == [
        Note("001.Ani/2.JPG", reason, UNLISTED),
        Note("003.Owl/1.heic", reason, UNLISTED),
    ]


def test_captions_of_no_picture(tmp_path: Path) -> None:
    files = ("README.txt", "001.Ani/1.txt", "001.Ani/2.txt", "001.Ani/1.t7", ".hidden/1.txt")
    tree(tmp_path, dict.fromkeys(files, ""))
    assert list(captions_left(tmp_path, ["001.Ani/1"])) == [
        Note("001.Ani/2.txt", "expected a picture to these captions, got none", UNPICTURED)
    ]
