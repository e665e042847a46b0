"""Lists as spreadsheets and data sets write them."""

from pathlib import Path

import pytest
from listing_samples import listed, only_row, refusal

from prep.formats.listings import read_listing
from prep.formats.rows import BadRow, Row

_TWO = [Row("a.jpg", ("a red ball, round",), None, None), Row("b.jpg", ("blue",), None, None)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("captions.tsv", "path\tcaption\na.jpg\ta red ball, round\nb.jpg\tblue\n"),
        ("captions.csv", "path;caption\na.jpg;a red ball, round\nb.jpg;blue\n"),
        ("captions.csv", "sep=;\r\npath;caption\r\na.jpg;a red ball, round\r\nb.jpg;blue\r\n"),
        ("captions.csv", "\ufeffsep=\t\npath\tcaption\na.jpg\ta red ball, round\nb.jpg\tblue\n"),
        (
            "results.csv",
            "image_name| comment_number| comment\na.jpg| 0| a red ball, round\nb.jpg| 0| blue",
        ),
        ("Flickr8k.token.txt", "a.jpg#0\ta red ball, round\nb.jpg#0\tblue\n"),
        ("captions.txt", "a.jpg\ta red ball, round\nb.jpg\tblue\n"),
        ("captions.csv", 'a.jpg,"a red ball, round"\nb.jpg,blue\n'),
        (
            "metadata.json",
            '[{"file_name": "a.jpg", "text": "a red ball, round"},'
            ' {"file_name": "b.jpg", "text": "blue"}]',
        ),
        ("metadata.json", '{"a.jpg": "a red ball, round", "b.jpg": {"caption": ["blue"]}}'),
        (
            "metadata.json",
            '{"path": "a.jpg", "text": "a red ball, round"}\n{"path": "b.jpg", "text": "blue"}',
        ),
        (
            "captions_train2017.json",
            '{"info": {}, "images": [{"id": 7, "file_name": "a.jpg"},'
            ' {"id": 9, "file_name": "b.jpg"}], "annotations": ['
            '{"id": 1, "image_id": 9, "caption": "blue"},'
            ' {"id": 2, "image_id": 7, "caption": "a red ball, round"}]}',
        ),
        (
            "dataset_flickr8k.json",
            '{"dataset": "flickr8k", "images": ['
            '{"filename": "a.jpg", "sentences": [{"raw": "a red ball, round"}]},'
            ' {"filename": "b.jpg", "sentences": [{"raw": "blue"}]}]}',
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_lists_that_people_have(tmp_path: Path, name: str, content: str, encoding: str) -> None:
    listing = read_listing(listed(tmp_path, name, content.lstrip("\ufeff").encode(encoding)))
    assert listing.rows == _TWO
    assert listing.remark is None


def test_labels_that_some_program_took_for_numbers(tmp_path: Path) -> None:
    path = listed(tmp_path, "a.csv", "path,caption,label\na.jpg,red,3.0\nb.jpg,blue,3.5\n")
    found = read_listing(path).rows
    assert [row.class_name for row in found if isinstance(row, Row)] == ["3", "3.5"]
    path = listed(tmp_path, "a.jsonl", '{"path": "a.jpg", "text": "red", "label": 3.0}')
    assert only_row(path) == Row("a.jpg", ("red",), "3", None)


def test_a_line_of_tokens_that_is_none(tmp_path: Path) -> None:
    path = listed(tmp_path, "results_20130124.token", "a.jpg#0\tred\na.jpg 1 blue\n")
    assert read_listing(path).rows[1] == BadRow(
        "results_20130124.token:2",
        "expected <picture>#<number>, a tab and a caption, got 'a.jpg 1 blue'",
    )


def test_coco_without_captions_and_captions_without_a_picture(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        "captions_val2014.json",
        '{"images": [{"id": 1, "file_name": "a.jpg"}],'
        ' "annotations": [{"image_id": 2, "caption": "red"}]}',
    )
    assert read_listing(path).rows == [
        Row("a.jpg", (), None, None),
        BadRow(
            "captions_val2014.json, image_id 2",
            "expected it among the images, got captions alone",
            False,
        ),
    ]
    path = listed(tmp_path, "instances.json", '{"images": [], "annotations": [{"image_id": 2}]}')
    assert refusal(path) == (
        f"{path}: expected image_id and caption in annotation 1, got {{'image_id': 2}}; "
        "give a captions_*.json, not instances_*.json"
    )


@pytest.mark.parametrize("content", ["3", '{"a": 1}', "{}"])
def test_json_of_another_form(tmp_path: Path, content: str) -> None:
    path = listed(tmp_path, "metadata.json", content)
    assert refusal(path).startswith(f"{path}: expected a list of objects with a path and a caption")
