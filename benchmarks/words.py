"""Whether an encoder knows colours by words that it was never trained on, and by misspelt ones.

    python benchmarks/words.py birds.h5 encoder.keras [another.keras ...]

A sentence with the word, "a crimson bird", is held against the same sentence with each of ten
basic colours: the nearest, by the cosine of embeddings, should be the colour that is meant. Words
that stand in at most five training captions are told from those that are merely rare. Prints for
each encoder the share over the words and three sentences, and word by word what is nearest, with
the number of captions. Chance is 10 %.
"""

import argparse
import re
from collections import Counter
from pathlib import Path

import numpy as np

from t2i.encoders.text import TextEncoder, load_encoder
from t2i.pairs.reading import read

SENTENCES = ("a {} bird", "a bird with a {} belly", "a bird with {} wings")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "brown", "black", "white", "grey")
WORDS = {
    "red": "crimson scarlet ruby vermilion cherry",
    "orange": "tangerine apricot pumpkin",
    "yellow": "lemon canary mustard",
    "green": "emerald jade lime",
    "blue": "azure sapphire cerulean cobalt",
    "purple": "violet lavender mauve",
    "brown": "chocolate mahogany cinnamon",
    "black": "ebony inky obsidian",
    "white": "ivory snowy alabaster",
    "grey": "slate ashen leaden",
}
MISSPELT = {
    "red": "redd rred",
    "orange": "ornage oragne",
    "yellow": "yelow yellw",
    "green": "grean gren",
    "blue": "bleu bluue",
    "purple": "purpel puprle",
    "brown": "brwon bronw",
    "black": "blak blakc",
    "white": "whitte wihte",
    "grey": "gery greyy",
}
# Words in no more captions than this are as good as never seen.
UNSEEN = 5


def groups(count: Counter[str]) -> dict[str, dict[str, str]]:
    """Returns the groups of words, each word with its colour, given how many captions hold it."""
    colour_of = {word: colour for colour, words in WORDS.items() for word in words.split()}
    return {
        f"in at most {UNSEEN} captions": {w: c for w, c in colour_of.items() if count[w] <= UNSEEN},
        "rare": {w: c for w, c in colour_of.items() if count[w] > UNSEEN},
        "misspelt": {word: c for c, words in MISSPELT.items() for word in words.split()},
    }


def nearest(encoder: TextEncoder, words: list[str]) -> np.ndarray:
    """Returns which colour is nearest to each word in each sentence, [words, sentences]."""

    def embedded(each: tuple[str, ...] | list[str]) -> np.ndarray:
        texts = [sentence.format(word) for sentence in SENTENCES for word in each]
        rows = encoder.embed(texts).reshape(len(SENTENCES), len(each), -1)
        return rows / np.linalg.norm(rows, axis=-1, keepdims=True)

    cosine = embedded(words) @ embedded(COLOURS).transpose(0, 2, 1)
    return cosine.argmax(axis=2).T


def main() -> None:
    """Prints the shares, and the words."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("pairs", type=Path)
    parser.add_argument("encoders", type=Path, nargs="+")
    arguments = parser.parse_args()
    captions = read(arguments.pairs, ["train", "val"], images=False, embeddings=False).caption
    count = Counter(
        word for caption in captions for word in set(re.findall("[a-z]+", caption.lower()))
    )
    for path in arguments.encoders:
        encoder = load_encoder(path)
        print(f"{path}: {encoder.kind}")
        for group, words in groups(count).items():
            found = nearest(encoder, list(words))
            right = found == np.array([[COLOURS.index(colour)] for colour in words.values()])
            print(f"  {group}: {right.mean():.0%} of {right.size}")
            for word, row in zip(words, found, strict=True):
                seen = ", ".join(COLOURS[colour] for colour in row)
                print(f"    {word} ({words[word]}; in {count[word]} of {len(captions)}): {seen}")


if __name__ == "__main__":
    main()
