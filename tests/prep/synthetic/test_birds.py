from collections import Counter
from itertools import chain, combinations
from math import dist
from random import Random

import pytest

from prep.synthetic.birds import (
    BACKGROUNDS,
    BEAK_LENGTHS,
    BEAKS,
    BELLIES,
    FACINGS,
    PALETTE,
    SIZES,
    Species,
    all_species,
    sample_bird,
    species_splits,
)
from prep.synthetic.drawing import gradient


def test_every_pair_of_colours_is_one_species() -> None:
    species = all_species()
    assert [one.class_id for one in species] == list(range(1, 65))
    assert len({(one.body, one.wing) for one in species}) == 64


def test_a_species_is_named_in_the_manner_of_cub() -> None:
    assert Species(body="red", wing="blue").folder == "005.Blue_winged_Red_Bird"


def test_the_splits_are_disjoint_and_complete() -> None:
    splits = species_splits()
    assert {split: len(members) for split, members in splits.items()} == {
        "train": 44,
        "val": 4,
        "test": 16,
    }
    assert sorted(chain(*splits.values())) == sorted(all_species())


def test_the_test_species_hold_out_two_of_each_colour_on_body_and_wings() -> None:
    test = species_splits()["test"]
    assert Counter(one.body for one in test) == dict.fromkeys(PALETTE, 2)
    assert Counter(one.wing for one in test) == dict.fromkeys(PALETTE, 2)
    assert not [one for one in test if one.body == one.wing]


def test_every_colour_is_trained_on_bodies_and_on_wings() -> None:
    train = species_splits()["train"]
    assert min(Counter(one.body for one in train).values()) >= 5
    assert min(Counter(one.wing for one in train).values()) >= 5


def test_the_colours_are_far_apart() -> None:
    backgrounds = [tuple(rgb) for name in BACKGROUNDS for rgb in gradient(name, 50)]
    assert min(dist(a, b) for a, b in combinations(PALETTE.values(), 2)) > 90
    assert min(dist(a, b) for a in PALETTE.values() for b in backgrounds) > 75
    assert min(dist(a, b) for a in PALETTE.values() for b in BELLIES.values()) > 75


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ("belly", BELLIES),
        ("beak_colour", BEAKS),
        ("beak_length", BEAK_LENGTHS),
        ("size", SIZES),
        ("facing", FACINGS),
        ("background", BACKGROUNDS),
    ],
)
def test_attributes_vary_evenly_inside_a_species(attribute: str, words: list[str]) -> None:
    rng = Random(0)
    species = Species("red", "blue")
    birds = [sample_bird(species, rng) for _ in range(1200)]
    assert {(bird.body, bird.wing) for bird in birds} == {("red", "blue")}
    counts = Counter(getattr(bird, attribute) for bird in birds)
    assert set(counts) == set(words)
    # Four standard deviations of a fair draw.
    share = 1 / len(words)
    margin = 4 * (1200 * share * (1 - share)) ** 0.5
    assert all(abs(count - 1200 * share) < margin for count in counts.values())
