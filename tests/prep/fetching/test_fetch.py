import hashlib
import io
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from mirror import Mirror, serving

from prep.cli import fetching as fetch_cli
from prep.cli.main import main
from prep.fetching import downloads
from prep.fetching.fetch import fetch, unpack
from prep.fetching.published import DATA_SETS, Published
from t2i.errors import InputError


def _captions(pictures: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for number in range(pictures):
            for name in (f"{number}.txt", f"._{number}.txt", f"{number}.h5"):
                entry = tarfile.TarInfo(f"cvpr2016/text_c10/class/{name}")
                entry.size = 5
                archive.addfile(entry, io.BytesIO(b"a\nb\n\n"))
    return packed.getvalue()


CONTENT = _captions(30)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Mirror, Mirror]]:
    monkeypatch.setattr(downloads, "_SCHEMES", ("http",))
    monkeypatch.setattr(downloads, "_PAUSE_S", 0.0)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ExitStack() as stack:
        yield stack.enter_context(serving(CONTENT)), stack.enter_context(serving(CONTENT))


@pytest.fixture
def file(mirrors: tuple[Mirror, Mirror]) -> Published:
    """Published with its size and sum, on two mirrors."""
    urls = tuple(mirror.url for mirror in mirrors)
    return Published("file.tgz", "https://page", urls, len(CONTENT), SHA256)


@pytest.fixture
def captions(file: Published) -> Published:
    """Published with neither."""
    return replace(file, size=None, sha256=None, captions=30)


def _error(file: Published, folder: Path) -> str:
    with pytest.raises(InputError) as raised:
        fetch(file, folder)
    return str(raised.value)


def test_the_first_mirror_is_enough(
    file: Published, mirrors: tuple[Mirror, Mirror], tmp_path: Path
) -> None:
    told = list[tuple[str, int, int | None]]()
    path = fetch(file, tmp_path / "new", lambda *what: told.append(what))
    assert path == tmp_path / "new" / "file.tgz"
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert told[-1] == ("fetching file.tgz", len(CONTENT), len(CONTENT))
    assert not mirrors[1].asked
    assert fetch(file, tmp_path / "new") == path
    assert len(mirrors[0].asked) == 1


def test_the_next_mirror_goes_on_where_the_first_ended(
    file: Published, mirrors: tuple[Mirror, Mirror], tmp_path: Path
) -> None:
    mirrors[0].breaks_after = 300
    mirrors[0].ranges = False
    assert fetch(file, tmp_path).read_bytes() == CONTENT
    assert mirrors[1].asked == ["bytes=300-"]


def test_a_wrong_file_is_left_for_the_next_mirror(
    file: Published, mirrors: tuple[Mirror, Mirror], tmp_path: Path
) -> None:
    mirrors[0].content = bytes(len(CONTENT))
    assert fetch(file, tmp_path).read_bytes() == CONTENT
    assert mirrors[1].asked == [None]


def test_what_a_wrong_mirror_left_does_not_spoil_the_next(
    file: Published, mirrors: tuple[Mirror, Mirror], tmp_path: Path
) -> None:
    mirrors[0].content, mirrors[0].breaks_after, mirrors[0].ranges = bytes(999), 300, False
    mirrors[0].announced = len(CONTENT)
    assert fetch(file, tmp_path).read_bytes() == CONTENT
    assert mirrors[1].asked == ["bytes=300-", None]


def test_when_no_mirror_gives_it_each_says_why(
    file: Published, mirrors: tuple[Mirror, Mirror], tmp_path: Path
) -> None:
    mirrors[0].content, mirrors[1].statuses = bytes(len(CONTENT)), [404]
    wrong = hashlib.sha256(mirrors[0].content).hexdigest()
    assert _error(file, tmp_path) == (
        f"{tmp_path}/file.tgz: expected it from a mirror, "
        f"got 127.0.0.1: expected SHA-256 {SHA256}, got {wrong}, 127.0.0.1: HTTP 404 Not Found; "
        "run this again to resume, or fetch it by hand from https://page and put it there"
    )
    assert not list(tmp_path.iterdir())


def test_an_interrupted_run_is_resumed(
    file: Published, mirrors: tuple[Mirror, Mirror], tmp_path: Path
) -> None:
    mirrors[0].breaks_after, mirrors[0].ranges = 300, False
    mirrors[1].statuses = [404]
    _error(file, tmp_path)
    assert (tmp_path / "file.tgz.part").stat().st_size == 300
    mirrors[0].breaks_after, mirrors[0].ranges = len(CONTENT), True
    assert fetch(file, tmp_path).read_bytes() == CONTENT
    assert mirrors[0].asked[-1] == "bytes=300-"


def test_a_file_put_there_by_hand_is_checked(
    file: Published, mirrors: tuple[Mirror, Mirror], tmp_path: Path
) -> None:
    path = tmp_path / "file.tgz"
    path.write_bytes(CONTENT)
    assert fetch(file, tmp_path) == path
    path.write_bytes(b"something else")
    got = hashlib.sha256(b"something else").hexdigest()
    assert _error(file, tmp_path) == (
        f"{path}: expected SHA-256 {SHA256}, got {got}; remove it to fetch it again"
    )
    assert path.read_bytes() == b"something else"
    assert not mirrors[0].asked


def test_without_a_sum_the_captions_are_counted(
    captions: Published, mirrors: tuple[Mirror, Mirror], tmp_path: Path
) -> None:
    mirrors[0].content = b"<html>Too many users have viewed this file</html>"
    mirrors[1].content = _captions(29)
    expected = "expected an archive with 30 caption files in text_c10, got"
    message = _error(captions, tmp_path)
    assert f"127.0.0.1: {expected} something else or a damaged one, " in message
    assert f"127.0.0.1: {expected} 29; " in message
    mirrors[1].content = CONTENT
    told = list[tuple[str, int, int | None]]()
    fetch(captions, tmp_path, lambda *what: told.append(what))
    doing, done, total = told[-1]
    assert (doing, total) == ("checking file.tgz.part", len(CONTENT))
    assert 0 < done <= len(CONTENT)


def test_an_archive_that_breaks_off_unnoticed_is_noticed(
    captions: Published, mirrors: tuple[Mirror, Mirror], tmp_path: Path
) -> None:
    mirrors[0].content = CONTENT[:-300]
    mirrors[1].statuses = [404]
    assert "got something else or a damaged one" in _error(captions, tmp_path)


def test_unpacked_it_lies_beside_the_archive(file: Published, tmp_path: Path) -> None:
    told = list[tuple[str, int, int | None]]()
    path = fetch(file, tmp_path)
    assert unpack(path, lambda *what: told.append(what)) == (tmp_path / "cvpr2016",)
    assert (tmp_path / "cvpr2016" / "text_c10" / "class" / "7.txt").read_bytes() == b"a\nb\n\n"
    assert told[-1][0] == "unpacking file.tgz"


def test_a_folder_that_can_not_be_made_is_named(file: Published, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert _error(file, tmp_path / "a") == (
        f"{tmp_path}/a: expected a folder that can be written to, got File exists; choose another"
    )


def test_the_command_says_what_came(
    file: Published, captions: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = (file, replace(captions, name="captions.gz"))
    monkeypatch.setattr(fetch_cli, "DATA_SETS", MappingProxyType({"cub": files}))
    result = CliRunner().invoke(main, ["fetch", "cub", str(tmp_path), "--unpack"])
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        f"{tmp_path}/file.tgz: {len(CONTENT):,} bytes, SHA-256 as published\n"
        f"{tmp_path}/captions.gz: {len(CONTENT):,} bytes, whole, with no published SHA-256\n"
        f"{tmp_path}/cvpr2016: unpacked\n"
    )
    assert "fetching file.tgz" in result.stderr
    again = CliRunner().invoke(main, ["fetch", "cub", str(tmp_path), "--unpack"])
    assert again.exit_code == 1
    assert again.stderr.endswith(
        f"Error: {tmp_path}/cvpr2016: expected nothing there yet, got something; "
        "move it away to unpack file.tgz\n"
    )


def test_what_is_published_can_be_known() -> None:
    files = [file for files in DATA_SETS.values() for file in files]
    assert len({file.name for file in files}) == len(files)
    for file in files:
        assert {urlsplit(url).scheme for url in (file.page, *file.urls)} == {"https"}
        if file.sha256:
            assert file.size
            assert len(bytes.fromhex(file.sha256)) == 32
        else:
            assert file.captions
