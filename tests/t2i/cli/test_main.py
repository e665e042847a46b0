"""The command line: help at once, errors in one line, nothing lost."""

import errno
import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from prep.cli.main import main as prep_main
from t2i.cli.command_line import Commands
from t2i.cli.main import main
from t2i.cli.sentences import lines
from t2i.errors import InputError


def _error(command: click.Command, *arguments: str) -> str:
    """Returns the message of a command that must fail with exit code 1 and one line."""
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    return result.output.removeprefix("Error: ").rstrip("\n")


@pytest.mark.parametrize("command", ["t2i", "prep"])
def test_help_is_there_at_once_and_imports_no_tensorflow(command: str) -> None:
    script = (
        f"import sys; sys.argv = ['x', '--help']\n"
        f"from {command}.cli.main import main\n"
        "try: main()\n"
        "finally: print('heavy:', {'tensorflow', 'keras', 'numpy', 'h5py'} & set(sys.modules))"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0
    assert "heavy: set()" in result.stdout
    # 0.06 s of work; the time on the clock would depend on what else runs.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 0.2


COMMANDS = {
    "t2i": "arithmetic configs evaluate export generate import-inception interpolate invert "
    "restyle serve train train-inversion",
    "t2i-prep": "check cub embed export fetch import import-encoder synthetic train-encoder",
    "t2i-prep export": "aelnouby stackgan",
    "t2i-prep import": "aelnouby flowers folder mnist reed-cvpr reed-icml stackgan tfds",
}


def _groups(name: str, group: click.Group) -> dict[str, click.Group]:
    found = {name: group}
    for inner, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= _groups(f"{name} {inner}", command)
    return found


def test_every_command_has_help() -> None:
    groups = _groups("t2i", main) | _groups("t2i-prep", prep_main)
    assert {name: " ".join(sorted(group.commands)) for name, group in groups.items()} == COMMANDS
    for group in groups.values():
        for name, command in group.commands.items():
            assert command.get_short_help_str(limit=1000) != ""
            # As narrow as the column is: no summary is cut off.
            assert not command.get_short_help_str(limit=52).endswith("..."), name
            unsaid = [
                parameter.name
                for parameter in command.params
                if isinstance(parameter, click.Option) and not parameter.help
            ]
            assert not unsaid, (name, unsaid)
            result = CliRunner().invoke(group, [name, "--help"])
            assert result.exit_code == 0
            assert result.output.startswith("Usage: ")


def test_a_published_configuration_is_printed_and_its_keys_listed() -> None:
    result = CliRunner().invoke(main, ["configs"])
    assert result.output.splitlines()[-1].startswith("tiny  ")
    result = CliRunner().invoke(main, ["configs", "tiny"])
    assert result.output.startswith("# The smallest GAN")
    for name, key in (("tiny", "  decay_epochs: 100"), ("encoder_small", "linear_decay_share: ")):
        result = CliRunner().invoke(main, ["configs", name, "--keys"])
        assert any(line.startswith(key) for line in result.output.splitlines())
    assert _error(main, "configs", "nothing").startswith("nothing: expected a YAML configuration")


def test_an_input_error_is_one_line_and_a_mistake_of_ours_keeps_its_traceback() -> None:
    @click.group(cls=Commands)
    def group() -> None:
        """Holds two commands."""

    @group.command()
    def wrong() -> None:
        raise InputError("here: expected\nthis, got that;\n  do so")

    @group.command()
    def broken() -> None:
        raise KeyError("ours")

    assert _error(group, "wrong") == "here: expected this, got that; do so"
    result = CliRunner().invoke(group, ["broken"])
    assert isinstance(result.exception, KeyError)


def test_a_full_disk_is_one_line() -> None:
    @click.group(cls=Commands)
    def group() -> None:
        """Holds two commands."""

    @group.command()
    def write() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "a/metrics.jsonl")

    @group.command()
    def read() -> None:
        raise OSError(errno.EIO, "Input/output error")

    assert _error(group, "write") == (
        "a/metrics.jsonl: expected room for the file, got No space left on device; "
        "free some, and repeat the command"
    )
    assert isinstance(CliRunner().invoke(group, ["read"]).exception, OSError)


def test_a_bad_configuration_is_told_before_tensorflow_is_imported(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("sed: 1\n")
    script = (
        "import sys\nfrom t2i.cli.main import main\n"
        f"sys.argv = ['t2i', 'train', {str(tmp_path / 'a.yaml')!r}, '--data', 'x', '--run', 'y']\n"
        "try: main()\nfinally: print('tensorflow' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stdout == "False\n"
    assert result.stderr == (
        f"Error: {tmp_path / 'a.yaml'}: sed: expected a known key, got 'sed'; "
        "did you mean 'seed'?\n"
    )


def test_training_without_embeddings_says_what_to_do(tmp_path: Path) -> None:
    from t2i.pairs.writing import writing

    (tmp_path / "a.yaml").write_text("seed: 1\n")
    with writing(tmp_path / "birds.h5", 8, "a test"):
        pass
    data = str(tmp_path / "birds.h5")
    arguments = ["train", str(tmp_path / "a.yaml"), "--data", data, "--run", str(tmp_path / "run")]
    assert _error(main, *arguments) == (
        f"{data}: expected embedded captions, got none; "
        f"run `t2i-prep embed {data} --encoder ENCODER`"
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("generate", "run"),
            'sentences: expected at least one, got none; type one in "quotes"',
        ),
        (
            ("generate", "run", "  "),
            "sentences: expected words, at most 10000 characters, got ' '; describe a picture",
        ),
        (
            ("generate", "run", "a bird", "--count", "5000"),
            "--out: expected a folder for 5000 pictures, got the grid birds.png; a grid holds 4096",
        ),
        (
            ("generate", "run", "--captions", "no.txt"),
            "--captions: expected text in no.txt, got: No such file or directory; give a sentence "
            "a line",
        ),
        (
            ("generate", "nowhere", "a bird"),
            "nowhere: expected a run directory, got no config.yaml there; "
            "train one with `t2i train`",
        ),
        (
            ("generate", "run", "a bird", "--step", "last"),
            "--step: expected a step or best, got 'last'; name one",
        ),
        (
            ("interpolate", "run", "a bird"),
            "sentences: expected two, or one with --latents or --along, got one; "
            "type the sentences in quotes",
        ),
        (
            ("interpolate", "run", "a bird", "a cat", "--latents"),
            "sentences: expected two, or one with --latents or --along, got two with --latents; "
            "type the sentences in quotes",
        ),
        (
            ("interpolate", "run", "a bird", "a cat", "--out", "way.gif"),
            "--out: expected a .png file, got way.gif; the GIF goes beside it",
        ),
    ],
)
def test_wrong_arguments_of_t2i(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _error(main, *arguments) == message


@pytest.mark.parametrize("command", [("generate",), ("interpolate", "a cat")])
def test_what_is_no_run_is_told_before_tensorflow_is_imported(command: tuple[str, ...]) -> None:
    name, *more = command
    script = (
        "import sys\nfrom t2i.cli.main import main\n"
        f"sys.argv = ['t2i', {name!r}, 'nowhere', 'a bird', *{more!r}]\n"
        "try: main()\nfinally: print({'tensorflow', 'keras', 'h5py'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (1, "set()\n")
    assert result.stderr.startswith("Error: nowhere: expected a run directory, got no config.yaml")


@pytest.mark.parametrize(
    ("arguments", "there", "message"),
    [
        (
            ("generate", "birds", "a"),
            "birds.png",
            "birds.png: expected nothing there, or a picture",
        ),
        (
            ("interpolate", "birds", "a", "b", "--out", "way.png"),
            "way.gif",
            "way.gif: expected nothing there, or a picture",
        ),
        (
            ("generate", "birds", "--captions", "c.png", "--out", "c.png"),
            "c.png",
            "c.png: expected another file than what is read, got c.png itself",
        ),
        (
            ("generate", "birds", "a", "--out", "mine.html"),
            "other",
            "--out: expected a file ending in .png, .jpg, .jpeg, .webp, or a folder, got mine.html",
        ),
        (
            ("generate", "birds", "a", "--out", "work"),
            "work/mine",
            "work: expected no folder, or one of pictures of t2i generate alone, got mine there",
        ),
    ],
)
def test_nothing_of_others_is_replaced(
    arguments: tuple[str, ...],
    there: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(there).parent.mkdir(exist_ok=True)
    Path(there).write_text("mine")
    assert _error(main, *arguments).startswith(message)
    assert Path(there).read_text() == "mine"


def test_captions_in_other_encodings(tmp_path: Path) -> None:
    captions = tmp_path / "a.txt"
    captions.write_bytes(b"un oiseau dor\xe9\n\na bird\x0cthat sings\n")
    assert lines(captions) == ["un oiseau dor\u00e9", "a bird\x0cthat sings"]
    captions.write_bytes("a red bird\n".encode("utf-16"))
    assert lines(captions) == ["a red bird"]
    captions.write_bytes(b"\xff\xfe\x00")
    assert _error(main, "generate", "run", "--captions", str(captions)).startswith(
        f"--captions: expected text in {captions}, got "
    )
