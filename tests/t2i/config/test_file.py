"""Configurations: every error says where, what was expected, and what was got."""

from pathlib import Path

import pytest

from t2i.config.file import MAX_CONFIG_BYTES, changed, dump, load, parse
from t2i.config.published import config_named, published
from t2i.encoders.config import EncoderConfig
from t2i.errors import InputError
from t2i.models.dcgan.config import Config
from t2i.models.projected.config import Config as ProjectedConfig


def _error(text: str, kind: type = Config, overrides: tuple[str, ...] = ()) -> str:
    with pytest.raises(InputError) as error:
        parse(text, kind, "a.yaml", overrides)
    return str(error.value)


def test_the_defaults_survive_the_way_there_and_back() -> None:
    assert parse("", Config, "a.yaml") == Config()
    assert parse(dump(Config()), Config, "a.yaml") == Config()


def test_numbers_in_scientific_notation_are_numbers() -> None:
    config = parse("optimizer: {learning_rate: 2e-4}", Config, "a.yaml")
    assert config.optimizer.learning_rate == 2e-4


def test_overrides_win_over_the_file() -> None:
    config = parse(
        "seed: 3\nlosses: {l1: 2.0}",
        Config,
        "a.yaml",
        ["losses.l1=5", "training.splits=[test]", "optimizer.learning_rate=1e-3"],
    )
    assert (config.seed, config.losses.l1, config.training.splits) == (3, 5.0, ["test"])
    assert config.optimizer.learning_rate == 1e-3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "losses: {mismached: 1}",
            "a.yaml: losses.mismached: expected a known key, got 'mismached'; "
            "did you mean 'mismatched'?",
        ),
        (
            "sed: 1",
            "a.yaml: sed: expected a known key, got 'sed'; did you mean 'seed'?",
        ),
        (
            "optimizer: {learning_rate: fast}",
            "a.yaml: optimizer.learning_rate: expected a valid number, got 'fast'",
        ),
        ("seed: 1.5", "a.yaml: seed: expected a valid integer, got 1.5"),
        ("seed: true", "a.yaml: seed: expected a valid integer, got True"),
        (
            "losses: {real: -1}",
            "a.yaml: losses.real: expected greater than or equal to 0, got -1",
        ),
        ("losses: {l1: .nan}", "a.yaml: losses.l1: expected a finite number, got nan"),
        ("image_size: 48", "a.yaml: image_size: expected a power of two from 8 to 256, got 48"),
        (
            "losses: {feature_matching_layer: 64}",
            "a.yaml: losses.feature_matching_layer: expected one of [4, 8, 16, 32], got 64",
        ),
        (
            "training: {batch_size: 7}",
            "a.yaml: training.batch_size: expected an even number, got 7; GAN-INT pairs texts",
        ),
        (
            "training: {splits: [train, train]}",
            "a.yaml: training.splits: expected each once, got ['train', 'train']; "
            "drop the repeated",
        ),
        (
            "training: {precision: half}",
            "a.yaml: training.precision: expected 'float32', 'mixed_bfloat16' or 'auto', "
            "got 'half'",
        ),
        ("- 1\n- 2", "a.yaml: expected keys and values, got [1, 2]; see configs/"),
        (
            "a: &x 1\nb: *x",
            "a.yaml: expected YAML, got an alias; write the value out; see configs/",
        ),
        ("seed: 1\nseed: 2", "a.yaml: expected YAML, got the key 'seed' twice; see configs/"),
        (
            "seed: !!python/object/apply:os.getcwd []",
            "a.yaml:1: expected YAML, got could not determine a constructor for the tag "
            "'tag:yaml.org,2002:python/object/apply:os.getcwd'; see configs/",
        ),
        (
            "seed: [1",
            "a.yaml:1: expected YAML, got expected ',' or ']', but got '<stream end>'; "
            "see configs/",
        ),
        (
            "sed: 1\nlosses: {l1: x}",
            "a.yaml: losses.l1: expected a valid number, got 'x'; "
            "sed: expected a known key, got 'sed'; did you mean 'seed'?",
        ),
    ],
)
def test_what_is_not_right_is_named(text: str, message: str) -> None:
    assert _error(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "length: 20",
            "convolutions: expected one or more where network is convolutional, got none; "
            "choose all-minilm-l6-v2, or see `t2i configs encoder`",
        ),
        (
            "convolutions: [{filters: 3}], taps: [6]",
            "taps: expected none where network is convolutional, got [6]; "
            "choose all-minilm-l6-v2, or leave it out",
        ),
        (
            "network: all-minilm-l6-v2, length: 20, taps: [6], recurrent: relu",
            "recurrent: expected none where network is all-minilm-l6-v2, got relu; leave it out",
        ),
        (
            "network: all-minilm-l6-v2, length: 600, taps: [6]",
            "length: expected 3 to 512 where network is all-minilm-l6-v2, got 600; change it",
        ),
        *(
            (
                f"network: all-minilm-l6-v2, taps: {taps}",
                f"taps: expected layers from 0 to 6, each once and in order, got {taps}; "
                "[6] is the last alone",
            )
            for taps in ("[]", "[7]", "[6, 0]", "[2, 2]")
        ),
    ],
)
def test_a_frozen_text_network_has_keys_of_its_own(text: str, message: str) -> None:
    assert _error(f"text: {{{text}}}", EncoderConfig) == f"a.yaml: text.{message}"


def test_a_text_too_short_for_its_convolutions() -> None:
    text = "text: {length: 5, convolutions: [{filters: 3, kernel_size: 8}]}"
    assert _error(text, EncoderConfig) == (
        "a.yaml: text.convolutions.0: expected 1 or more steps left of length 5, got -2; "
        "pool less or read a longer text"
    )


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "seed",
            "--set: expected KEY=VALUE, got 'seed'; for example --set training.epochs=10",
        ),
        ("seed.x=1", "--set: expected a section before 'x', got 'seed.x=1'"),
        (
            "training.epoch=1",
            "a.yaml: training.epoch: expected a known key, got 'epoch'; did you mean 'epochs'?",
        ),
    ],
)
def test_overrides_that_are_not_right(override: str, message: str) -> None:
    assert _error("seed: 1", overrides=(override,)) == message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        load(tmp_path / "no.yaml", Config)
    assert str(error.value) == (
        f"{tmp_path / 'no.yaml'}: expected a YAML configuration, got No such file or directory; "
        "see `t2i configs`"
    )


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"#" * (MAX_CONFIG_BYTES + 1))
    with pytest.raises(InputError) as error:
        load(tmp_path / "a.yaml", Config)
    assert str(error.value) == (
        f"{tmp_path / 'a.yaml'}: expected at most 1048576 bytes, got more; is it a configuration?"
    )


def test_changed_keys_are_named() -> None:
    one = parse("seed: 1", Config, "a")
    two = parse("seed: 2\nlosses: {l1: 1.0}", Config, "a")
    assert changed(one, two) == {"seed": (1, 2), "losses.l1": (0.0, 1.0)}
    assert changed(one, one) == {}


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("batch_size", "did you mean 'training.batch_size'?"),
        ("learning_rate", "did you mean 'optimizer.learning_rate'?"),
        ("losses.epochs", "did you mean 'training.epochs'?"),
        ("real", "did you mean 'losses.real'?"),
        ("training.learing_rate", "did you mean 'optimizer.learning_rate'?"),
        ("networks.eyes", "it is a key of `model: projected`"),
        ("classes_per_batch", "it is a key of an encoder"),
        (
            "zzzzzz",
            "the keys at the top are seed, model, image_size, networks, text, losses, "
            "augmentation, optimizer, training",
        ),
        ("augmentation.lr", "the keys of augmentation are translation, cutout, colour"),
    ],
)
def test_the_key_that_was_meant(key: str, advice: str) -> None:
    others = {"`model: projected`": ProjectedConfig, "an encoder": EncoderConfig}
    with pytest.raises(InputError) as error:
        parse("seed: 1", Config, "a.yaml", [f"{key}=1"], others)
    last = key.rpartition(".")[2]
    assert str(error.value) == f"a.yaml: {key}: expected a known key, got {last!r}; {advice}"


def test_a_file_of_another_kind_is_one_sentence() -> None:
    with pytest.raises(InputError) as error:
        parse("seed: 1\ntext: {}\nsteps: 3", Config, "a.yaml", (), {"an encoder": EncoderConfig})
    assert str(error.value) == (
        "a.yaml: expected a configuration for this command, got one of an encoder; "
        "choose another, see `t2i configs`"
    )


def test_many_faults_are_counted() -> None:
    text = "\n".join(f"zz{letter}: 1" for letter in "abcdefg")
    assert _error(text).endswith("; and 2 more")


def test_a_published_configuration_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = published()
    assert {"cub64", "tiny", "encoder_small"} <= names.keys()
    assert (
        names["tiny"]
        == "The smallest GAN that has every part, for trying things out and for the tests."
    )
    assert all(line.endswith(".") for line in names.values())
    for name in ("cub64", "cub64.yaml"):
        assert config_named(Path(name)).name == "cub64.yaml"
        assert load(config_named(Path(name)), Config).image_size == 64
    assert config_named(Path("nothing")) == Path("nothing")
    # A path is a path, and a file of one's own comes first.
    assert config_named(Path("configs/cub64.yaml")) == Path("configs/cub64.yaml")
    Path("cub64").write_text("seed: 1")
    assert config_named(Path("cub64")) == Path("cub64")
