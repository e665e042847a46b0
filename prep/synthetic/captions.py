"""Sentences that are true of a drawn bird."""

from collections.abc import Callable, Set
from random import Random

from prep.synthetic.birds import Bird

MAX_CAPTION_LENGTH = 96
_MOST_EXTRAS = 3
_EXTRAS = ("belly", "beak_colour", "beak_length", "size", "facing", "background")
_PLACES = {
    "sky": ("under the sky", "in front of a blue sky"),
    "meadow": ("in a meadow", "in a green meadow"),
    "dusk": ("at dusk", "in the light of dusk"),
    "sand": ("on sand", "on the sand"),
}


def captions(attributes: Bird, rng: Random, count: int) -> list[str]:
    """Returns `count` sentences about a bird, at most `MAX_CAPTION_LENGTH` characters each.

    Each names the colours of body and wings and up to three of the other attributes, drawn
    anew; nothing that is named is untrue. They are in lower case, some with a full stop.
    """
    return [_caption(attributes, rng) for _ in range(count)]


def _caption(bird: Bird, rng: Random) -> str:
    """Returns one sentence; one that comes out too long is drawn again."""
    while True:
        named = frozenset(rng.sample(_EXTRAS, rng.randint(0, _MOST_EXTRAS)))
        caption = rng.choice(_SENTENCES)(bird, named, rng) + rng.choice(("", "."))
        if len(caption) <= MAX_CAPTION_LENGTH:
            return caption


def _bird_with(bird: Bird, named: Set[str], rng: Random) -> str:
    """Returns such as `a small red bird with black wings and a cream belly, facing left`."""
    noun = _noun(bird, named, rng.choice(("a", "the", "this")), bird.body)
    parts = _joined([f"{bird.wing} wings", *_other_parts(bird, named, rng)], rng)
    return f"{noun} {rng.choice(('with', 'that has'))} {parts}{_scene(bird, named, rng)}"


def _bird_has(bird: Bird, named: Set[str], rng: Random) -> str:
    """Returns such as `this bird has blue wings, a yellow body and a short beak`."""
    noun = _noun(bird, named, rng.choice(("the", "this")))
    return f"{noun} has {_all_parts(bird, named, rng)}{_scene(bird, named, rng)}"


def _bird_is(bird: Bird, named: Set[str], rng: Random) -> str:
    """Returns such as `the bird is green with purple wings, it faces left`."""
    noun = _noun(bird, named, rng.choice(("the", "this")))
    parts = _joined([f"{bird.wing} wings", *_other_parts(bird, named, rng)], rng)
    link = rng.choice(("with", "and has"))
    return f"{noun} is {bird.body} {link} {parts}{_scene(bird, named, rng)}"


def _parts_on(bird: Bird, named: Set[str], rng: Random) -> str:
    """Returns such as `a white body and red wings on a large bird at dusk`."""
    noun = _noun(bird, named, "a")
    return f"{_all_parts(bird, named, rng)} on {noun}{_scene(bird, named, rng)}"


def _winged(bird: Bird, named: Set[str], rng: Random) -> str:
    """Returns such as `a blue-winged black bird with an orange beak`."""
    noun = _noun(bird, named, rng.choice(("a", "the", "this")), f"{bird.wing}-winged {bird.body}")
    parts = _other_parts(bird, named, rng)
    return noun + (f" with {_joined(parts, rng)}" if parts else "") + _scene(bird, named, rng)


def _its_parts(bird: Bird, named: Set[str], rng: Random) -> str:
    """Returns such as `a small bird, its wings are red, its body is blue`."""
    clauses = [
        rng.choice(("its wings are", "the wings are")) + f" {bird.wing}",
        rng.choice(("its body is", "the body is")) + f" {bird.body}",
    ]
    if "belly" in named:
        clauses.append(f"its belly is {bird.belly}")
    if beak := _beak(bird, named):
        clauses.append("its beak is " + " and ".join(beak))
    rng.shuffle(clauses)
    return f"{_noun(bird, named, 'a')}{_scene(bird, named, rng)}, {', '.join(clauses)}"


_SENTENCES: tuple[Callable[[Bird, Set[str], Random], str], ...] = (
    _bird_with,
    _bird_has,
    _bird_is,
    _parts_on,
    _winged,
    _its_parts,
)


def _noun(bird: Bird, named: Set[str], article: str, colour: str = "") -> str:
    words = [bird.size if "size" in named else "", colour, "bird"]
    phrase = " ".join(word for word in words if word)
    return _with_article(phrase) if article == "a" else f"{article} {phrase}"


def _with_article(phrase: str) -> str:
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def _beak(bird: Bird, named: Set[str]) -> list[str]:
    """Returns the words named of the beak: its length before its colour."""
    return [
        word
        for attribute, word in (
            ("beak_length", bird.beak_length),
            ("beak_colour", bird.beak_colour),
        )
        if attribute in named
    ]


def _other_parts(bird: Bird, named: Set[str], rng: Random) -> list[str]:
    """Returns phrases for the parts named besides body and wings."""
    parts = []
    if "belly" in named:
        parts.append(f"a {bird.belly} {rng.choice(('belly', 'underside'))}")
    if beak := _beak(bird, named):
        parts.append(_with_article(" ".join([*beak, rng.choice(("beak", "bill"))])))
    return parts


def _all_parts(bird: Bird, named: Set[str], rng: Random) -> str:
    body = _with_article(f"{bird.body} body")
    return _joined([f"{bird.wing} wings", body, *_other_parts(bird, named, rng)], rng)


def _joined(parts: list[str], rng: Random) -> str:
    """Returns the phrases in a random order, as `this, that and another`."""
    rng.shuffle(parts)
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _scene(bird: Bird, named: Set[str], rng: Random) -> str:
    """Returns where the bird is and which way it faces, so far as they are named."""
    place = f" {rng.choice(_PLACES[bird.background])}" if "background" in named else ""
    if "facing" not in named:
        return place
    turn = rng.choice(("facing", "looking", "turned to the", "looking to the"))
    return f"{place}, {turn} {bird.facing}"
