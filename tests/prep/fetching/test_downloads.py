import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from mirror import Mirror, serving

from prep.fetching import downloads
from prep.fetching.downloads import MirrorError, download
from t2i.errors import InputError
from t2i.progress import silent

CONTENT = bytes(range(251)) * 3989  # 1,001,239 bytes: no multiple of any buffer


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setattr(downloads, "_SCHEMES", ("http",))
    monkeypatch.setattr(downloads, "_PAUSE_S", 0.0)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(CONTENT) as served:
        yield served


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "file.part"


def _download(mirror: Mirror, part: Path, size: int | None = len(CONTENT)) -> list[int]:
    done = list[int]()
    download(mirror.url, part, size, "birds", lambda _, here, __: done.append(here))
    return done


def _error(mirror: Mirror, part: Path, size: int | None = len(CONTENT)) -> str:
    with pytest.raises(MirrorError) as raised:
        _download(mirror, part, size)
    return str(raised.value)


@pytest.mark.parametrize("size", [len(CONTENT), None])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_whole_file_comes_in_one_go(
    size: int | None, chunked: bool, mirror: Mirror, part: Path
) -> None:
    mirror.chunked = chunked
    done = _download(mirror, part, size)
    assert part.read_bytes() == CONTENT
    assert done == sorted(done)
    assert done[-1] == len(CONTENT)
    assert mirror.asked == [None]


@pytest.mark.parametrize("size", [len(CONTENT), None])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_connection_that_breaks_off_is_resumed(
    size: int | None, chunked: bool, mirror: Mirror, part: Path
) -> None:
    mirror.breaks_after, mirror.chunked = 300_000, chunked
    _download(mirror, part, size)
    assert part.read_bytes() == CONTENT
    assert mirror.asked == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_what_an_earlier_run_left_is_kept(mirror: Mirror, part: Path) -> None:
    part.write_bytes(CONTENT[:700_001])
    assert _download(mirror, part)[0] > 700_001
    assert part.read_bytes() == CONTENT
    assert mirror.asked == ["bytes=700001-"]
    _download(mirror, part)
    assert len(mirror.asked) == 1


def test_a_mirror_that_can_not_resume_starts_again(mirror: Mirror, part: Path) -> None:
    mirror.ranges = False
    part.write_bytes(b"?" * 300_000)
    _download(mirror, part)
    assert part.read_bytes() == CONTENT
    mirror.breaks_after = 300_000
    part.unlink()
    assert _error(mirror, part) == "the connection broke off"
    assert len(mirror.asked) == 4 + 1
    assert part.stat().st_size == 300_000


def test_a_part_that_is_complete_or_too_long_is_known(mirror: Mirror, part: Path) -> None:
    part.write_bytes(CONTENT)
    _download(mirror, part, None)
    assert mirror.asked == [f"bytes={len(CONTENT)}-"]
    part.write_bytes(CONTENT + b"more")
    _download(mirror, part)
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("announced", [len(CONTENT) + 7, len(CONTENT) - 7, 1 << 62])
def test_a_lie_about_the_length_is_refused(announced: int, mirror: Mirror, part: Path) -> None:
    mirror.announced = announced
    assert _error(mirror, part) == (f"expected {len(CONTENT):,} bytes, got a file of {announced:,}")
    assert not part.exists()


def test_of_an_unknown_size_some_are_too_large(mirror: Mirror, part: Path) -> None:
    mirror.announced = (1 << 34) + 1
    assert _error(mirror, part, None) == (
        "expected 17,179,869,184 bytes, got a file of 17,179,869,185"
    )


def test_a_length_that_is_never_reached_ends(mirror: Mirror, part: Path) -> None:
    mirror.announced = len(CONTENT) + 7
    assert _error(mirror, part, None) == "HTTP 416 Requested Range Not Satisfiable"


def test_no_more_is_written_than_expected(mirror: Mirror, part: Path) -> None:
    mirror.chunked = True
    assert _error(mirror, part, 500_000) == "expected 500,000 bytes, got more"
    assert part.stat().st_size <= 500_000


def test_parts_have_their_place(mirror: Mirror, part: Path) -> None:
    part.write_bytes(CONTENT[:1000])
    mirror.shifted = 1
    assert _error(mirror, part) == ("expected the bytes from 1000 on, got those from 1001 on")
    assert part.read_bytes() == CONTENT[:1000]


def test_redirects_are_followed_a_few_times(mirror: Mirror, part: Path) -> None:
    part.write_bytes(CONTENT[:1000])
    mirror.url = mirror.url.replace("/file", "/old")
    _download(mirror, part)
    assert part.read_bytes() == CONTENT
    assert mirror.asked == ["/old", "bytes=1000-"]
    part.unlink()
    mirror.redirect = "/old{}"
    assert _error(mirror, part).startswith("HTTP 302 The HTTP server returned a redirect error")
    assert len(mirror.asked) < 10


@pytest.mark.parametrize(
    "target", ["https://127.0.0.1/file", "ftp://127.0.0.1/file", "file:///etc"]
)
def test_no_redirect_leads_to_another_protocol(target: str, mirror: Mirror, part: Path) -> None:
    mirror.url, mirror.redirect = mirror.url.replace("/file", "/old"), target
    reason = _error(mirror, part)
    assert reason.startswith("HTTP 302 ")
    assert repr(target) in reason
    assert mirror.asked == ["/old"]


def test_only_https_is_spoken(part: Path) -> None:
    with pytest.raises(MirrorError) as raised:
        download("http://127.0.0.1/file", part, 9, "file", silent)
    assert str(raised.value) == "expected https, got 'http://127.0.0.1/file'"


def test_a_busy_mirror_is_asked_again(mirror: Mirror, part: Path) -> None:
    mirror.statuses = [503, 429]
    _download(mirror, part)
    assert part.read_bytes() == CONTENT
    part.unlink()
    mirror.statuses = [500, 500, 500]
    assert _error(mirror, part) == "HTTP 500 Internal Server Error"


def test_a_file_that_is_gone_is_asked_for_once(mirror: Mirror, part: Path) -> None:
    mirror.statuses = [404]
    assert _error(mirror, part) == "HTTP 404 Not Found"
    assert mirror.asked == [None]


def test_no_connection_is_said_in_a_line(mirror: Mirror, part: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        mirror.url = f"http://127.0.0.1:{closed.getsockname()[1]}/file"
    assert _error(mirror, part) == "[Errno 111] Connection refused"


def test_without_a_network_nothing_is_tried_again(mirror: Mirror, part: Path) -> None:
    mirror.url = "http://mirror.invalid/file"
    assert _error(mirror, part).startswith("no address; is there a network? (")


def test_a_place_that_can_not_be_written_is_named(mirror: Mirror, tmp_path: Path) -> None:
    part = tmp_path / "none" / "file.part"
    with pytest.raises(InputError) as raised:
        _download(mirror, part)
    assert str(raised.value) == (
        f"{part}: expected a place with room to write, got No such file or directory; "
        "make room, or choose another folder"
    )
