"""Names of splits, as people and data sets write them."""

import re

# Source: Hugging Face, datasets, "Structure your repository", keywords of split names.
_KEYWORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
SPLIT_NAMES = ("train", "val", "test", "valid", "validation", "dev")
# What may stand beside a keyword and makes it nothing else.
_FILLER = r"(?:data ?set|set|split|data|images?|imgs?|pictures?|pics?|photos?|\d{1,4})"
_CERTAIN = re.compile(
    rf"(?:{_FILLER}[\s._-]+)*({'|'.join(sorted(_KEYWORDS, key=len, reverse=True))})"
    rf"(?:[\s._-]*{_FILLER})*"
)
# Words of splits that are no split of ours.
_OTHERS = frozenset({"trainval", "holdout", "heldout"})
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")


def split_of_name(name: str) -> str | None:
    """Returns train, val or test where a name is that of a split for certain: `test2014` say."""
    match = _CERTAIN.fullmatch(name.strip().lower())
    return _KEYWORDS[match[1]] if match else None


def may_be_split(name: str) -> bool:
    """Returns whether a name has a word of a split in it: `birds_test`, but `test tube` too."""
    words = _WORD.findall(_CAMEL.sub(" ", name).lower())
    return any(word.removesuffix("s") in {*_KEYWORDS, *_OTHERS} for word in words)
