import re
from collections import Counter
from random import Random

from prep.synthetic.birds import Bird, all_species, sample_bird
from prep.synthetic.captions import MAX_CAPTION_LENGTH, captions

_PLACES = {
    "under the sky": "sky",
    "in front of a blue sky": "sky",
    "in a meadow": "meadow",
    "in a green meadow": "meadow",
    "at dusk": "dusk",
    "in the light of dusk": "dusk",
    "on sand": "sand",
    "on the sand": "sand",
}
_COLOUR = "(red|orange|yellow|green|blue|purple|black|white|cream|grey|brown|pink)"
_PATTERNS = {
    "wing": [rf"{_COLOUR} wings", rf"wings are {_COLOUR}", rf"{_COLOUR}-winged"],
    "body": [
        rf"{_COLOUR} body",
        rf"body is {_COLOUR}",
        rf"{_COLOUR} bird",
        rf"bird is {_COLOUR}",
    ],
    "belly": [rf"{_COLOUR} (?:belly|underside)", rf"belly is {_COLOUR}"],
    "beak_colour": [rf"{_COLOUR} (?:beak|bill)", rf"beak is (?:\w+ and )?{_COLOUR}"],
    "beak_length": [r"(short|long) (?:\w+ )?(?:beak|bill)", r"beak is (short|long)"],
    "size": [r"\b(small|large)\b"],
    "facing": [r"(?:facing|looking|turned to the|looking to the) (left|right)"],
}
_WORDS_WITHOUT_MEANING = re.compile(
    "an?|and|are|at|beak|belly|bill|bird|body|facing|has|in|is|its|looking|of|on|that|the|this|"
    "to|turned|underside|winged|wings|with"
)


def _parsed(caption: str) -> dict[str, str]:
    """Returns what a caption says, attribute by attribute, and insists it is all understood."""
    named: dict[str, str] = {}
    rest = caption.removesuffix(".")
    for place, background in sorted(_PLACES.items(), key=lambda item: -len(item[0])):
        if re.search(rf"\b{place}\b", rest):
            named["background"] = background
            rest = re.sub(rf"\b{place}\b", "", rest)
    for attribute, patterns in _PATTERNS.items():
        said = {match for pattern in patterns for match in re.findall(pattern, rest)}
        assert len(said) <= 1, (caption, attribute, said)
        if said:
            named[attribute] = said.pop()
    words = set(re.findall(r"[a-z]+", rest)) - set(named.values())
    assert all(map(_WORDS_WITHOUT_MEANING.fullmatch, words)), (caption, words)
    return named


def _many() -> list[tuple[Bird, str]]:
    rng = Random(0)
    birds = [sample_bird(species, rng) for species in all_species()]
    return [(bird, caption) for bird in birds for caption in captions(bird, rng, 40)]


def test_all_that_captions_say_is_true() -> None:
    for bird, caption in _many():
        for attribute, word in _parsed(caption).items():
            assert word == getattr(bird, attribute), (caption, bird)


def test_every_caption_names_body_and_wing_and_at_most_three_more() -> None:
    named = [_parsed(caption) for _, caption in _many()]
    assert all({"body", "wing"} <= set(one) for one in named)
    extras = Counter(len(one) - 2 for one in named)
    assert set(extras) == {0, 1, 2, 3}
    assert min(extras.values()) > 0.15 * len(named)


def test_every_attribute_is_named_now_and_then() -> None:
    many = _many()
    counts = Counter(attribute for _, caption in many for attribute in _parsed(caption))
    assert set(counts) == set(Bird.__dataclass_fields__)
    assert min(counts.values()) > 0.15 * len(many)


def test_captions_are_short_lower_case_lines() -> None:
    for _, caption in _many():
        assert re.fullmatch(r"[a-z][a-z ,-]*[a-z]\.?", caption), caption
        assert len(caption) <= MAX_CAPTION_LENGTH
        assert "  " not in caption


def test_the_article_suits_the_word_after_it() -> None:
    for _, caption in _many():
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", caption), caption


def test_captions_vary() -> None:
    bird = sample_bird(all_species()[3], Random(0))
    assert len(set(captions(bird, Random(0), 100))) > 80


def test_the_same_seed_writes_the_same_captions() -> None:
    bird = sample_bird(all_species()[3], Random(0))
    assert captions(bird, Random(5), 10) == captions(bird, Random(5), 10)
    assert captions(bird, Random(5), 10) != captions(bird, Random(6), 10)
