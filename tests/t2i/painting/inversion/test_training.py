"""The encoder learns what its pictures were painted from, and goes on where it stopped."""

from pathlib import Path

import numpy as np
import pytest
from inversion_samples import PRIOR, WORDS, painter, weights_of
from miniature import write_pairs

from t2i.errors import InputError
from t2i.models.contract import Prior
from t2i.painting.inversion.places import load_inverting
from t2i.painting.inversion.training import sentences_of, targets, train_inversion, weights


def test_latents_are_told_from_fresh_pictures(tmp_path: Path) -> None:
    made = painter()
    before = weights_of(made.network)
    told = train_inversion(made, WORDS, tmp_path / "inversion.keras", 150)
    assert list(told.geometry) == ["right", "down", "mirror"]
    assert min(told.latent, told.embedding, *told.geometry.values()) > 0.8
    # G stays as it is.
    for one, other in zip(weights_of(made.network), before, strict=True):
        np.testing.assert_array_equal(one, other)
    # Two steps tell next to nothing.
    assert train_inversion(made, WORDS, tmp_path / "early.keras", 2).latent < 0.5


def test_of_a_switch_the_sign_is_told() -> None:
    latent = np.array([[0.5, -2.0, -0.1], [1.0, 3.0, 2.5]], np.float32)
    np.testing.assert_array_equal(targets(latent, PRIOR), [[0.5, -2.0, -1.0], [1.0, 3.0, 1.0]])


def test_latents_with_names_count_as_much_as_all_others() -> None:
    np.testing.assert_allclose(weights(Prior(5, ("turn",))), [2.5, *[0.625] * 4])
    for prior in (Prior(3), PRIOR):
        np.testing.assert_array_equal(weights(prior), np.ones(3))


def test_interrupted_it_ends_with_the_same_weights(tmp_path: Path) -> None:
    made, whole, stopped = painter(), tmp_path / "whole.keras", tmp_path / "stopped.keras"
    train_inversion(made, WORDS, whole, 120)
    steps = []

    def interrupt(what: str, done: int, total: int | None = None) -> None:
        steps.append(done)
        if done == 110 and len(steps) > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_inversion(made, WORDS, stopped, 120, interrupt)
    assert not stopped.exists()
    steps.clear()
    train_inversion(made, WORDS, stopped, 120, interrupt)
    assert steps == list(range(100, 121))
    # The file, and nothing of what it took to go on.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stopped.keras", "whole.keras"]
    for one, other in zip(
        weights_of(load_inverting(whole, made)),
        weights_of(load_inverting(stopped, made)),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_sentences_are_those_of_the_training_or_of_a_file(tmp_path: Path) -> None:
    from evaluation_samples import write_run

    run, pairs = write_run(tmp_path / "run"), write_pairs(tmp_path / "birds.h5")
    assert len(sentences_of(run, pairs, ["train"])) > 20
    with pytest.raises(InputError) as error:
        sentences_of(run, None, ["train"])
    assert str(error.value) == (
        "--data: expected a pairs file, whose captions are painted, got none that the run was "
        "trained on; name one"
    )
    with pytest.raises(InputError) as error:
        sentences_of(run, tmp_path / "gone.h5", ["train"])
    assert str(error.value) == (
        f"--data: expected a pairs file, whose captions are painted, got {tmp_path}/gone.h5, "
        "which is not there; name one"
    )


def test_where_nothing_can_be_written_it_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(InputError, match="expected a folder that can be written, got Not a dir"):
        train_inversion(painter(), WORDS, tmp_path / "run" / "inversion.keras", 10)
