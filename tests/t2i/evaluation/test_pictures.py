"""Which captions a picture is painted for, and the mean of their embeddings."""

from collections.abc import Sequence

import numpy as np
import pytest

from t2i.evaluation.pictures import caption_groups, mean_embedding

# Three pictures: of five captions, of one, and of three.
OFFSET = np.array([0, 5, 6, 9])


class _Lengths:
    """Embeds a sentence as its length and one."""

    def embed(self, sentences: Sequence[str]) -> np.ndarray:
        return np.array([[len(text), 1] for text in sentences], np.float32)


def test_the_others_are_of_the_same_picture_and_come_once() -> None:
    rows = np.array([3, 5, 8, 0, 3])
    groups = caption_groups(rows, OFFSET, 3, seed=0)
    assert [len(group) for group in groups] == [3, 1, 3, 3, 3]
    for row, group in zip(rows, groups, strict=True):
        assert group[0] == row
        assert len(set(group.tolist())) == len(group)
        own = np.searchsorted(OFFSET, group, side="right")
        assert len(set(own.tolist())) == 1
    # Pictures of one caption differ by their latents alone.
    assert groups[0].tolist() == groups[4].tolist()


def test_they_depend_on_the_seed_and_not_on_what_else_is_painted() -> None:
    alone = [caption_groups(np.array([0]), OFFSET, 3, seed)[0].tolist() for seed in range(8)]
    assert len(set(map(tuple, alone))) > 1
    for seed, group in enumerate(alone):
        beside = caption_groups(np.array([7, 2, 0]), OFFSET, 3, seed)[2]
        assert beside.tolist() == group


def test_one_caption_is_its_own() -> None:
    rows = np.array([8, 2, 5])
    assert [group.tolist() for group in caption_groups(rows, OFFSET, 1, 0)] == [[8], [2], [5]]


def test_the_mean_is_of_each_group() -> None:
    texts = [["a", "abc"], ["abcd"], ["", "ab", "abcd", "ab"]]
    means = mean_embedding(_Lengths(), texts)  # type: ignore[arg-type]
    assert means.dtype == np.float32
    np.testing.assert_array_equal(means, [[2, 1], [4, 1], [2, 1]])
    one = mean_embedding(_Lengths(), [["abc"], ["a"]])  # type: ignore[arg-type]
    assert one.tolist() == [[3, 1], [1, 1]]


@pytest.mark.parametrize("count", [2, 1000])
def test_a_picture_gives_no_more_captions_than_it_has(count: int) -> None:
    groups = caption_groups(np.array([5, 6]), OFFSET, count, 0)
    assert [len(group) for group in groups] == [1, min(count, 3)]
