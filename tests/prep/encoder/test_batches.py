from dataclasses import replace

import numpy as np
import pytest

from prep.encoder.batches import Draws, Sampler, learning_rate, read_training_pairs
from t2i.config.file import parse
from t2i.encoders.config import (
    ConvolutionConfig,
    EncoderConfig,
    ImageEncoderConfig,
    TextEncoderConfig,
)
from t2i.encoders.tokenizers import CharTokenizer
from t2i.errors import InputError
from t2i.pairs.reading import Pairs
from t2i.pairs.writing import writing

TEXT = TextEncoderConfig(length=20, convolutions=[ConvolutionConfig(filters=4)])
TOKENIZER = CharTokenizer(20)
# Class 4 has 7 pictures, 9 has 2, 5 has 3; picture i has i % 3 + 1 captions.
CLASS_ID = np.array([4, 9, 4, 5, 4, 4, 9, 5, 4, 5, 4, 4], np.int32)


def pairs(class_id: np.ndarray = CLASS_ID) -> Pairs:
    counts = np.arange(len(class_id)) % 3 + 1
    return Pairs(
        image=np.zeros((len(class_id), 4, 4, 3), np.uint8),
        caption=[f"caption {i}" for i in range(counts.sum())],
        embedding=None,
        caption_offset=np.concatenate([[0], np.cumsum(counts)]),
        class_id=class_id,
        name=[f"picture {i}" for i in range(len(class_id))],
    )


def config(**changes: object) -> EncoderConfig:
    return EncoderConfig(
        text=TEXT,
        image=ImageEncoderConfig(image_size=16, crop=3, flip=True),
        classes_per_batch=2,
        images_per_class=3,
    ).model_copy(update=changes)


def sampler_of(data: Pairs | None = None, **changes: object) -> Sampler:
    return Sampler(data or pairs(), config(**changes), TOKENIZER.encode)


def texts(draws: Draws) -> list[str]:
    return TOKENIZER.decode(draws.text.reshape(-1, 20))


def test_a_batch_holds_pictures_of_different_classes_with_captions_of_their_own():
    data = pairs()
    draws = sampler_of(data).draw(0, 60)
    assert draws.image.shape == draws.class_id.shape == (60, 6)
    assert draws.text.shape == (60, 6, 20)
    drawn = np.array([data.caption.index(text) for text in texts(draws)]).reshape(60, 6)
    for image, caption, class_id in zip(draws.image, drawn, draws.class_id, strict=True):
        assert len(set(class_id[::3].tolist())) == 2
        assert (class_id.reshape(2, 3) == class_id[::3, None]).all()
        assert (data.class_id[image] == class_id).all()
        assert (data.caption_offset[image] <= caption).all()
        assert (caption < data.caption_offset[image + 1]).all()
    assert set(draws.image.flat) == set(range(12))
    assert set(texts(draws)) == set(data.caption)


def test_excerpts_are_runs_of_words_of_the_share_asked_for():
    caption = "one two three four"
    data = replace(pairs(), caption=[caption] * 24)
    found = texts(sampler_of(data, excerpts=0.5).draw(0, 60))
    words = caption.split()
    runs = [" ".join(words[a:b]) for a in range(4) for b in range(a + 2, 5)]
    assert set(found) == set(runs)
    # A third of the excerpts, of two, three or four words, are whole: 2/3 of 360, give or take.
    assert 200 < found.count(caption) < 280


def test_a_single_word_is_its_own_excerpt():
    data = replace(pairs(), caption=["bird"] * 24)
    assert set(texts(sampler_of(data, excerpts=1.0).draw(0, 5))) == {"bird"}


def test_every_class_is_drawn_where_there_are_fewer_than_asked_for():
    sampler = sampler_of(classes_per_batch=40)
    assert sampler.classes == 3
    assert sorted(set(sampler.draw(0, 1).class_id[0].tolist())) == [4, 5, 9]


def test_draws_are_a_function_of_seed_and_step():
    sampler = sampler_of(excerpts=0.5)
    whole, part = sampler.draw(0, 20), sampler.draw(7, 9)
    for all_of_it, some in zip(whole, part, strict=True):
        assert all_of_it[7:9].tolist() == some.tolist()
    other = sampler_of(seed=1, excerpts=0.5).draw(0, 20)
    assert whole.image.tolist() != other.image.tolist()
    assert len({row.tobytes() for row in whole.text}) > 15


def test_windows_and_mirroring_cover_what_they_may():
    draws = sampler_of().draw(0, 60)
    assert set(draws.window.flat) == {0, 1, 2, 3}
    assert 0.4 < draws.flip.mean() < 0.6
    draws = sampler_of(image=ImageEncoderConfig(image_size=16)).draw(0, 60)
    assert not draws.window.any()
    assert not draws.flip.any()


def test_the_published_rate_falls_every_150_steps():
    published = config()
    assert [learning_rate(published, step) for step in (0, 149)] == [7e-4, 7e-4]
    assert learning_rate(published, 150) == pytest.approx(7e-4 * 0.98)
    assert learning_rate(published, 29999) == pytest.approx(7e-4 * 0.98**199)


def test_the_linear_rate_falls_to_0_over_the_last_share():
    linear = config(steps=100, decay_factor=1.0, linear_decay_share=0.4)
    assert learning_rate(linear, 59) == 7e-4
    assert learning_rate(linear, 80) == pytest.approx(3.5e-4)
    assert learning_rate(linear, 99) == pytest.approx(7e-4 / 40)


def test_only_the_splits_trained_on_are_read(pairs_file):
    data = read_training_pairs(pairs_file, ["train"])
    assert set(data.class_id.tolist()) == {1, 2, 3}
    assert len(data.image) == 21


@pytest.mark.parametrize("splits", [["val"], ["val", "train"], ["train", "train"]])
def test_train_comes_first_and_val_may_be_beside_it(splits):
    with pytest.raises(InputError) as caught:
        parse(
            f"{{text: {{convolutions: [{{filters: 4}}]}}, splits: {splits}}}",
            EncoderConfig,
            "encoder.yaml",
        )
    assert str(caught.value) == (
        f"encoder.yaml: splits: expected [train] or [train, val], got {splits}; write one of them"
    )


@pytest.mark.parametrize("side", ["text", "image"])
def test_a_choice_among_the_batch_is_by_the_angle(side):
    overrides = ["loss=contrastive", f"{side}.normalized=true"]
    with pytest.raises(InputError) as caught:
        parse("text: {convolutions: [{filters: 4}]}", EncoderConfig, "encoder.yaml", overrides)
    assert str(caught.value) == (
        "encoder.yaml: loss: expected structured where text or image is not normalized, "
        "got contrastive; set normalized: true in both"
    )


def test_one_class_can_not_train(tmp_path):
    path = tmp_path / "one.h5"
    with writing(path, 4, "a test") as writer:
        writer.add("train", np.zeros((4, 4, 3), np.uint8), ["a bird"], 1, "one")
    for splits, words in ((["train"], "train"), (["train", "val"], "train + val")):
        with pytest.raises(InputError) as caught:
            read_training_pairs(path, splits)
        assert str(caught.value) == (
            f"{path}: expected at least 2 classes in {words}, got 1; prepare it with another split"
        )
