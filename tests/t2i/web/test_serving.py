"""The server: bounded, to this machine alone, and everyone gets their own pictures."""

import base64
import http.client
import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from t2i.cli.main import main
from t2i.errors import InputError
from t2i.painting.painter import Painter
from t2i.painting.recipe import read_recipe
from t2i.web.examples import examples_of

JSON = {"content-type": "application/json"}


def ask(served: Any, method: str, path: str, body: Any = None, **headers: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=120)
    if isinstance(body, dict):
        body = json.dumps(body)
    headers = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


def paint(served: Any, **asked: Any) -> list[dict[str, Any]]:
    status, _, content = ask(served, "POST", "/paint", {"run": served.runs[1], **asked})
    assert status == 200, content
    return [json.loads(line) for line in content.splitlines()]


def test_what_the_page_is_made_of_may_load_nothing_of_anybody_else(served: Any) -> None:
    for path in ("/", "/page.css", "/page.js", "/gif.js", "/engine.js", "/runs"):
        status, headers, content = ask(served, "GET", path)
        policy = headers["content-security-policy"].split(";")[0]
        assert (status, policy) == (200, "default-src 'self'")
        assert b"http:" not in content
        assert b"https:" not in content
    assert ask(served, "GET", "/server.py")[0] == 404
    assert ask(served, "GET", "/../queue.py")[0] == 404
    assert ask(served, "GET", "/paint")[0] == 405


def test_who_comes_by_another_name_or_as_a_form_is_turned_away(served: Any) -> None:
    assert ask(served, "GET", "/runs", host="evil.example")[0] == 400
    assert ask(served, "GET", "/runs", host=f"localhost:{served.port}")[0] == 200
    asked = {"run": "birds", "sentence": "a bird"}
    status, _, content = ask(served, "POST", "/paint", asked, content_type="text/plain")
    assert (status, json.loads(content)) == (
        415,
        {"error": "request: expected application/json, got another type; use the page"},
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"a" * 50_000, "request: expected at most 49152 bytes, got more; say less"),
        (b"{", "request: expected JSON, got something else; reload the page"),
        (
            {"run": "birds", "sentence": "a", "count": 99},
            "count: expected less than or equal to 16, got 99",
        ),
    ],
)
def test_what_is_wrong_is_said(served: Any, body: Any, message: str) -> None:
    status, _, content = ask(served, "POST", "/paint", body)
    assert (status, json.loads(content)) == (400, {"error": message})


def test_a_sentence_without_words(served: Any) -> None:
    assert paint(served, sentence="鳥")[-1] == {
        "error": "captions: expected words, got '鳥'; describe a picture in English"
    }


def test_fifty_at_once_get_their_own_pictures(served: Any, tmp_path: Path) -> None:
    painter = Painter(Path(served.runs[1]))
    sentences = [f"a {['red', 'blue', 'white', 'black'][i % 4]} bird {i}" for i in range(50)]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda text: paint(served, sentence=text, count=2), sentences))
    places = [line["place"] for lines in answers for line in lines[:-1]]
    assert max(places) > 1
    for text, lines in zip(sentences, answers, strict=True):
        expected = painter.paint([text], 2, seed=0)[0].astype(int)
        assert len(lines[-1]["pictures"]) == 2
        for index, picture in enumerate(lines[-1]["pictures"]):
            path = tmp_path / "a.png"
            path.write_bytes(base64.b64decode(picture))
            recipe = read_recipe(path)
            assert (recipe.sentence, recipe.index) == (text, index)
            assert recipe.run == painter.identity
            with Image.open(path) as image:
                assert np.abs(np.asarray(image) - expected[index]).max() <= 1


def test_who_leaves_takes_nothing_along(served: Any) -> None:
    body = json.dumps({"run": "birds", "sentence": "a bird", "count": 16}).encode()
    head = "POST /paint HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", served.port)) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        with socket.create_connection(("127.0.0.1", served.port)) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:10])
    assert len(paint(served, sentence="a bird")[-1]["pictures"]) == 4


def test_the_ends_of_a_way_are_the_pictures_of_its_ends(served: Any, tmp_path: Path) -> None:
    asked = {"run": served.runs[1], "first": "a red bird", "second": "a blue bird", "steps": 3}
    _, _, content = ask(served, "POST", "/morph", asked)
    way = json.loads(content.splitlines()[-1])["pictures"]
    painter = Painter(Path(served.runs[1]))
    expected = painter.paint(["a red bird", "a blue bird"], 1, seed=0)[:, 0].astype(int)
    for picture, end in ((way[0], expected[0]), (way[2], expected[1])):
        (tmp_path / "a.png").write_bytes(base64.b64decode(picture))
        with Image.open(tmp_path / "a.png") as image:
            assert np.abs(np.asarray(image) - end).max() <= 1


def test_a_port_that_is_taken_and_a_run_that_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["serve", "birds", "--port", str(port)])
    assert result.output == (
        f"Error: --port: expected a free one, got 127.0.0.1 port {port} "
        "(Address already in use); choose another\n"
    )
    assert CliRunner().invoke(main, ["serve", "nowhere", "--port", "0"]).output == (
        "Error: nowhere: expected a run directory, got no config.yaml there; "
        "train one with `t2i train`\n"
    )


def test_without_the_extra_one_line_says_what_to_install() -> None:
    script = (
        "import sys\nsys.path_importer_cache.clear()\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name: None if name == 'starlette' else find(name)\n"
        "from t2i.cli.main import main\nmain(['serve', 'birds'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        1,
        'Error: starlette: expected to be installed, got nothing; run pip install ".[web]"\n',
    )


def test_examples_are_the_runs_own_or_of_its_pairs(
    tmp_path: Path, tiny_run: Path, pairs_file: Path
) -> None:
    assert examples_of(tiny_run) == []
    record = json.loads((tiny_run / "record.json").read_text())
    for pairs, count in ((str(pairs_file), 8), (str(tmp_path / "gone.h5"), 0)):
        (tmp_path / "record.json").write_text(json.dumps(record | {"pairs": pairs}))
        assert len(examples_of(tmp_path)) == count
    (tmp_path / "examples.txt").write_text("a red bird\n\n" + "b" * 2000)
    assert examples_of(tmp_path) == ["a red bird", "b" * 1000]


def test_a_run_without_a_record_has_no_page(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        examples_of(tmp_path)
