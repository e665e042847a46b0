"""What the metrics of a subject look at: rows of features, each picture measured once."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.evaluation.measurers import Judge, Measurer
from t2i.evaluation.measuring import measured
from t2i.evaluation.metrics.estimate import Rows
from t2i.evaluation.pictures import Pictures, RealPictures
from t2i.evaluation.subject import Subject
from t2i.pairs.stored import OpenPairs
from t2i.progress import Progress

# Rows by name, of pictures by their fingerprint and the weights that measured them.
Measured = dict[tuple[str, str], dict[str, Rows]]

_NO_MEASURER = "expected features to measure by, got none; give --judge, or --features"
_NO_JUDGE = (
    "expected an encoder pair that did not train the GAN, got none; train one with "
    "`t2i-prep train-encoder --set seed=1`, and give it as --judge"
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """The pictures of a subject beside real ones, and what measures both.

    Attributes:
        subject: what is measured.
        reference: the real pictures beside it.
        data: the pairs file.
        cache: folder of what is measured.
        progress: called after each block.
        measurer: of pictures; None where nobody measures them.
        pair: that judges captions; None where nobody does.
        of_real: what is known of real pictures already; what is measured here is added.
    """

    subject: Subject
    reference: RealPictures
    data: OpenPairs
    cache: Path
    progress: Progress
    measurer: Measurer | None = None
    pair: Judge | None = None
    of_real: Measured = field(default_factory=dict)
    _of_painted: Measured = field(default_factory=dict, init=False)

    @property
    def features(self) -> Measurer:
        """What measures pictures.

        Raises:
            InputError: nobody does.
        """
        if self.measurer is None:
            raise InputError(_NO_MEASURER)
        return self.measurer

    @property
    def judge(self) -> Judge:
        """Who judges captions.

        Raises:
            InputError: nobody does.
        """
        if self.pair is None:
            raise InputError(_NO_JUDGE)
        return self.pair

    @property
    def by_judge(self) -> bool:
        """Whether the judge of captions measures pictures too."""
        return self.pair is not None and self.measurer is self.pair.measurer

    @cached_property
    def training(self) -> RealPictures:
        """What the subject was trained on, cut as the reference is."""
        return RealPictures(self.data.stored(self.subject.trained_on), self.reference.size)

    @property
    def generated(self) -> dict[str, Rows]:
        """Rows of the subject's pictures."""
        return self._rows(self.subject.pictures, self.features, "painting and measuring")

    @property
    def varied(self) -> dict[str, Rows]:
        """Rows of several pictures of each of some captions."""
        return self._rows(self.subject.varied, self.features, "painting variations")

    @property
    def real(self) -> dict[str, Rows]:
        """Rows of the reference."""
        return self._rows(self.reference, self.features, "measuring the reference")

    @property
    def learned(self) -> dict[str, Rows]:
        """Rows of the training pictures."""
        return self._rows(self.training, self.features, "measuring the training pictures")

    @cached_property
    def text(self) -> npt.NDArray[np.float32]:
        """The judge's embeddings of the captions, [m, d]."""
        return self.judge.text.embed(self.reference.pairs.caption)

    @property
    def class_of_caption(self) -> npt.NDArray[np.int32]:
        """The class of each caption's picture, [m]."""
        real = self.reference.pairs
        return np.repeat(real.class_id, np.diff(real.caption_offset))

    def judged(self, pictures: Pictures) -> Rows:
        """Returns the judge's embeddings of pictures, [n, d]."""
        return self._rows(pictures, self.judge.measurer, "judging")["embedding"]

    def class_probabilities(self, pictures: Pictures) -> Rows:
        """Returns what the judge takes pictures for, by the mean captions of classes, [n, c]."""
        classes, index = np.unique(self.class_of_caption, return_inverse=True)
        means = np.stack([self.text[index == each].mean(axis=0) for each in range(len(classes))])
        score = self.judged(pictures) @ means.T
        score = np.exp(score - score.max(axis=1, keepdims=True))
        probabilities: Rows = score / score.sum(axis=1, keepdims=True)
        return probabilities

    def _rows(self, pictures: Pictures, measurer: Measurer, what: str) -> dict[str, Rows]:
        known = self.of_real if isinstance(pictures, RealPictures) else self._of_painted
        key = (pictures.fingerprint, measurer.stamp.sha256)
        if key not in known:
            known[key] = measured(pictures, measurer, self.cache, what, self.progress)
        return known[key]
