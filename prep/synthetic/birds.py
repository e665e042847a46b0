"""What a drawn bird can be: its attributes, its colours, the species and their splits.

A species is a pair (body colour, wing colour). Everything else varies inside a species,
independently and evenly, as the pose and the light do in photographs.
"""

from dataclasses import dataclass
from random import Random

RGB = tuple[int, int, int]

# At least 90 apart in RGB from one another and 75 from every background and belly, so that a
# colour can still be told after a small generator has painted it.
PALETTE: dict[str, RGB] = {
    "red": (208, 32, 42),
    "orange": (244, 128, 22),
    "yellow": (250, 216, 44),
    "green": (40, 150, 66),
    "blue": (40, 88, 208),
    "purple": (128, 34, 160),
    "black": (34, 34, 40),
    "white": (250, 250, 248),
}
# None of these is in PALETTE: every belly shows on every body.
BELLIES: dict[str, RGB] = {
    "cream": (244, 222, 172),
    "grey": (146, 148, 152),
    "brown": (126, 84, 56),
}
BEAKS: dict[str, RGB] = {"orange": (240, 140, 40), "black": (40, 38, 42), "pink": (238, 128, 150)}
BEAK_LENGTHS = ("short", "long")
SIZES = ("small", "large")
FACINGS = ("left", "right")
# The colours of a soft vertical gradient, from the top of the picture to its bottom.
BACKGROUNDS: dict[str, tuple[RGB, ...]] = {
    "sky": ((118, 178, 222), (152, 200, 230), (184, 214, 232)),
    "meadow": ((168, 204, 216), (184, 206, 160), (138, 178, 104)),
    "dusk": ((140, 130, 168), (196, 158, 170), (228, 188, 164)),
    "sand": ((176, 202, 214), (214, 202, 170), (206, 176, 128)),
}


@dataclass(frozen=True, order=True)
class Species:
    """A class of birds: those of one body colour and one wing colour."""

    body: str
    wing: str

    @property
    def class_id(self) -> int:
        """The class number, 1 to 64, as CUB counts."""
        colours = list(PALETTE)
        return colours.index(self.body) * len(colours) + colours.index(self.wing) + 1

    @property
    def name(self) -> str:
        """The name in CUB's manner, such as `Blue_winged_Red_Bird`."""
        return f"{self.wing.title()}_winged_{self.body.title()}_Bird"

    @property
    def folder(self) -> str:
        """The class folder, such as `005.Blue_winged_Red_Bird`."""
        return f"{self.class_id:03d}.{self.name}"


@dataclass(frozen=True)
class Bird:
    """The true attributes of one drawn bird, each a word of this module's lists.

    Attributes:
        body: a colour of `PALETTE`; of the head too.
        wing: a colour of `PALETTE`; of the tail too.
        belly: a colour of `BELLIES`.
        beak_colour: a colour of `BEAKS`.
        beak_length: one of `BEAK_LENGTHS`.
        size: one of `SIZES`. Small birds are round with big heads, large ones long and
            slender: the crop to the bounding box takes the scale away, the build stays.
        facing: one of `FACINGS`, as seen in the picture.
        background: a word of `BACKGROUNDS`.
    """

    body: str
    wing: str
    belly: str
    beak_colour: str
    beak_length: str
    size: str
    facing: str
    background: str


def all_species() -> list[Species]:
    """Returns the 64 species in the order of their class numbers."""
    return [Species(body, wing) for body in PALETTE for wing in PALETTE]


def species_splits() -> dict[str, list[Species]]:
    """Returns the species of "train" (44), "val" (4) and "test" (16), disjoint.

    The test species hold out two wings of each body colour and two bodies of each wing
    colour, so every colour is seen in training, on bodies and on wings alike, and a test
    caption only asks for a new combination. No held-out bird is of one colour all over.
    """
    colours = list(PALETTE)

    def diagonal(step: int) -> list[Species]:
        return [Species(body, colours[(i + step) % len(colours)]) for i, body in enumerate(colours)]

    test = sorted(diagonal(3) + diagonal(6), key=lambda species: species.class_id)
    val = diagonal(4)[::2]
    held_out = {*test, *val}
    train = [species for species in all_species() if species not in held_out]
    return {"train": train, "val": val, "test": test}


def sample_bird(species: Species, rng: Random) -> Bird:
    """Returns a bird of `species`, its other attributes drawn evenly and independently."""
    return Bird(
        body=species.body,
        wing=species.wing,
        belly=rng.choice(list(BELLIES)),
        beak_colour=rng.choice(list(BEAKS)),
        beak_length=rng.choice(BEAK_LENGTHS),
        size=rng.choice(SIZES),
        facing=rng.choice(FACINGS),
        background=rng.choice(list(BACKGROUNDS)),
    )
