"""Lists in JSON: lines of objects, tables of them, and COCO's pictures beside their captions."""

import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from prep.formats.rows import CAPTIONS, BadRow, shown
from prep.formats.tables import Record
from t2i.errors import InputError

_MAX_LINE = 1 << 20


def line_records(path: PurePath, text: str) -> Iterator[Record]:
    """Yields the place and the fields of each line of a file of JSON lines."""
    for number, line in enumerate(text.split("\n"), 1):
        place = f"{path.name}:{number}"
        if len(line) > _MAX_LINE:
            yield place, BadRow(place, f"expected at most {_MAX_LINE} letters, got more; split it")
            continue
        line = line.strip()
        if not line:
            continue
        try:
            yield place, _fields(place, json.loads(line))
        except (ValueError, RecursionError):
            yield place, BadRow(place, f"expected a JSON object, got {shown(line)}; correct it")


def tree_records(path: PurePath, text: str) -> Iterator[Record]:
    """Yields the place and the fields of each row of a JSON file.

    It is a list of objects, or the one list in an object; an object whose names are the pictures;
    or pictures and captions in two lists, joined by their numbers, as COCO has them.

    Raises:
        InputError: it is no JSON, or has another form.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: expected JSON, got: {error}; correct it") from error
    match value:
        case {"images": [*images], "annotations": [*annotations]}:
            yield from _coco(path, images, annotations)
        case [*rows]:
            yield from _listed(path, rows)
        case dict() if len(lists := [v for v in value.values() if _is_table(v)]) == 1:
            yield from _listed(path, lists[0])
        case dict() if value and all("." in name for name in value):
            for name, said in value.items():
                fields = said if isinstance(said, dict) else {"caption": said}
                yield name, _fields(name, {**fields, "path": name})
        case _:
            raise InputError(
                f"{path}: expected a list of objects with a path and a caption, or COCO's images "
                f"and annotations, got {shown(value)}; write one object a picture"
            )


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _listed(path: PurePath, rows: list[Any]) -> Iterator[Record]:
    for number, row in enumerate(rows, 1):
        place = f"{path.name}[{number}]"
        yield place, _fields(place, row)


def _coco(path: PurePath, images: list[Any], annotations: list[Any]) -> Iterator[Record]:
    """Yields a row for each picture. Source: Chen et al., Microsoft COCO Captions, 2015."""
    captions: dict[Any, list[Any]] = {}
    for number, annotation in enumerate(annotations, 1):
        match annotation:
            case {"image_id": int() | str() as image, **rest} if set(CAPTIONS[0]) & set(rest):
                texts = next(rest[name] for name in CAPTIONS[0] if name in rest)
                captions.setdefault(image, []).append(texts)
            case _:
                raise InputError(
                    f"{path}: expected image_id and caption in annotation {number}, got "
                    f"{shown(annotation)}; give a captions_*.json, not instances_*.json"
                )
    for number, image in enumerate(images, 1):
        place = f"{path.name}[{number}]"
        fields = _fields(place, image)
        known = not isinstance(fields, BadRow) and isinstance(fields.get("id"), int | str)
        if isinstance(fields, BadRow) or not known:
            yield place, BadRow(place, f"expected a picture with an id, got {shown(image)}")
        else:
            yield place, {**fields, "caption": captions.pop(fields["id"], [])}
    for image in captions:
        place = f"{path.name}, image_id {image}"
        yield place, BadRow(place, "expected it among the images, got captions alone", False)


def _fields(place: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return BadRow(place, f"expected a JSON object, got {shown(value)}; correct it")
    fields = {name.lower(): found for name, found in value.items()}
    # Karpathy's lists have the folder beside the name.
    if isinstance(fields.get("filepath"), str) and isinstance(fields.get("filename"), str):
        fields["filename"] = f"{fields['filepath']}/{fields['filename']}"
    return fields
