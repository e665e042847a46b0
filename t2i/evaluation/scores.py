"""Every metric by its name: what it measures of the pictures, and the rows that come of it."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.evaluation.measurers import VISION, Judge, Measurer, Stamp
from t2i.evaluation.measuring import measured
from t2i.evaluation.metrics import diversity, parzen
from t2i.evaluation.metrics.agreement import CLASSES, ClassList, top1
from t2i.evaluation.metrics.estimate import Estimate, Rows, of_mean, require
from t2i.evaluation.metrics.fid import DIRECTIONS, fid, halves, principal
from t2i.evaluation.metrics.inception_score import inception_score
from t2i.evaluation.metrics.kid import kid
from t2i.evaluation.metrics.manifold import DENSITY_NEIGHBOURS, PRECISION_NEIGHBOURS, manifold
from t2i.evaluation.metrics.retrieval import OTHERS, Retrieval, r_precision, zero_shot
from t2i.evaluation.metrics.variety import variety
from t2i.evaluation.pictures import BLOCK, Pictures, RealPictures
from t2i.evaluation.report import Row
from t2i.evaluation.subject import VARIATIONS, Subject
from t2i.images.pixels import middle
from t2i.pairs.reading import read_header
from t2i.pairs.stored import read_stored
from t2i.progress import Progress

Found = tuple[Stamp, list[Row]]
# Rows by name, of pictures by their fingerprint and the weights that measured them.
Measured = dict[tuple[str, str], dict[str, Rows]]

_NO_MEASURER = "expected features to measure by, got none; give --judge, or --features"
_NO_JUDGE = (
    "expected an encoder pair that did not train the GAN, got none; train one with "
    "`t2i-prep train-encoder --set seed=1`, and give it as --judge"
)


class Scores:
    """The metrics of one subject beside its reference. Each picture is measured once.

    Attributes:
        subject: what is measured.
        reference: the real pictures beside it.
        retrieved: how each generated picture fared against other captions, once computed.
        nearest_training: row of the nearest training picture of each generated one, and the
            distance, once computed.
    """

    def __init__(
        self,
        subject: Subject,
        reference: RealPictures,
        data: Path,
        measurer: Measurer | None,
        judge: Judge | None,
        seed: int,
        cache: Path,
        progress: Progress,
        classes: ClassList | None = None,
        of_real: Measured | None = None,
    ) -> None:
        """Takes what they need.

        Args:
            subject: see above.
            reference: see above.
            data: the pairs file.
            measurer: of pictures.
            judge: of captions.
            seed: of the captions that compete.
            cache: folder of what is measured.
            progress: called after each block.
            classes: of ImageNet that pictures should be taken for.
            of_real: what is known of real pictures already; what is measured here is added.
        """
        self.subject, self.reference, self._data = subject, reference, data
        self._measurer, self._judge_or_none = measurer, judge
        self._seed, self._cache, self._progress = seed, cache, progress
        self._classes = classes
        self.retrieved: Retrieval | None = None
        self.nearest_training: tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]] | None = None
        self._measured: Measured = {}
        self._of_real: Measured = {} if of_real is None else of_real

    @cached_property
    def by_name(self) -> dict[str, Callable[[], Found]]:
        """The metrics, in the order of the report."""
        return {
            "fid": self._fid,
            "fid64": self._fid64,
            "kid": self._kid,
            "is": self._inception_score,
            "manifold": self._manifold,
            "top1": self._top1,
            "variety": self._variety,
            "diversity": self._diversity,
            "copying": self._copying,
            "r-precision": self._r_precision,
            "zero-shot": self._zero_shot,
            "parzen": self._parzen,
        }

    @cached_property
    def training(self) -> RealPictures:
        """What the subject was trained on, cut as the reference is."""
        return RealPictures(read_stored(self._data, self.subject.trained_on), self.reference.size)

    def _fid(self) -> Found:
        found = fid(self._generated["features"], self._real["features"])
        return self._by_features(Row("FID", found, "lower"))

    def _fid64(self) -> Found:
        real = self._real["features"]
        axes = principal(real)
        found = fid(self._generated["features"] @ axes, real @ axes, "fid64")
        settings = {"directions": axes.shape[1], "real": "two halves of the reference"}
        row = Row(f"FID, {DIRECTIONS} directions", found, "lower", halves(real @ axes), settings)
        return self._by_features(row)

    def _kid(self) -> Found:
        found = kid(self._generated["features"], self._real["features"])
        settings = {"kernel": "(x y / d + 1)^3", "pairs": "all"}
        return self._by_features(Row("KID", found, "lower", settings=settings))

    def _inception_score(self) -> Found:
        if "probabilities" in self._features.widths:
            probabilities = self._generated["probabilities"]
            real = self._real["probabilities"]
            # The published Inception Scores leave the bias of the FID Inception's logits out.
            biased = self._features.stamp.kind == VISION
            classes = "of ImageNet" if biased else "of ImageNet, without the bias"
        elif self._judge_or_none and self._measurer is self._judge.measurer:
            probabilities = self._class_probabilities(self.subject.pictures)
            real = self._class_probabilities(self.reference)
            classes = "of the split: scores of their mean captions, softmax"
        else:
            raise InputError(
                "is: expected class probabilities, got features alone; measure by the FID "
                "Inception or by the judge"
            )
        settings = {"splits": 10, "classes": classes}
        of_real = _where_there_are_enough(lambda: inception_score(real))
        found = inception_score(probabilities)
        return self._by_features(Row("Inception Score", found, "higher", of_real, settings))

    def _manifold(self) -> Found:
        found = manifold(self._generated["features"], self._real["features"])
        three: dict[str, Any] = {"neighbours": PRECISION_NEIGHBOURS}
        five: dict[str, Any] = {"neighbours": DENSITY_NEIGHBOURS}
        return self._by_features(
            Row("precision %", found.precision.scaled(100), "higher", settings=three),
            Row("recall %", found.recall.scaled(100), "higher", settings=three),
            Row("density", found.density, "higher", settings=five),
            Row("coverage %", found.coverage.scaled(100), "higher", settings=five),
        )

    def _top1(self) -> Found:
        if self._classes is None:
            raise InputError(
                "top1: expected classes that pictures should be taken for, got none; "
                "give --classes, for example birds"
            )
        if self._features.widths.get("probabilities") != CLASSES:
            raise InputError(
                f"top1: expected a network that tells ImageNet's {CLASSES} classes, got "
                f"{self._features.stamp.name}; give --features efficientnet-lite1, for example"
            )
        found = top1(self._generated["probabilities"], self._classes)
        real = top1(self._real["probabilities"], self._classes)
        settings = {"classes": self._classes.name, "number": len(self._classes.indices)}
        name = f"top-1 is of {self._classes.name} %"
        estimate = of_mean(100.0 * found).within(0, 100)
        return self._by_features(Row(name, estimate, "higher", 100.0 * real.mean(), settings))

    def _variety(self) -> Found:
        varied = self._rows(self.subject.varied, self._features, "painting variations")
        captions, classes = self.subject.varied_caption, self.reference.pairs.class_id
        settings = {"pictures_of_a_caption": VARIATIONS, "real": "pictures of one class"}
        rows = []
        for name, kind in (("variety", "features"), ("variety of layout", "layout")):
            if kind in varied:
                centred = kind == "layout"
                found = variety(varied[kind], captions, self._real[kind], classes, centred)
                rows.append(Row(name, found, "higher", 1.0, settings))
        return self._by_features(*rows)

    def _diversity(self) -> Found:
        varied = self._rows(self.subject.varied, self._features, "painting variations")
        found = diversity.within_groups(varied["features"], self.subject.varied_caption)
        real, classes = self._real["features"], self.reference.pairs.class_id
        of_real = _where_there_are_enough(lambda: diversity.within_groups(real, classes))
        settings = {"pictures_of_a_caption": VARIATIONS, "real": "pictures of one class"}
        return self._by_features(Row("diversity", found, "higher", of_real, settings))

    def _copying(self) -> Found:
        self.nearest_training = diversity.nearest(
            self._generated["features"], self._learned["features"]
        )
        _, real = diversity.nearest(self._real["features"], self._learned["features"])
        if not real.mean() > 0:
            raise InputError(
                "copying: expected pictures never trained on, got the training pictures "
                "themselves; choose another --split"
            )
        found = of_mean(self.nearest_training[1]).scaled(1 / float(real.mean()))
        settings = {"splits": list(self.subject.trained_on)}
        row = Row("distance to training", found, "neither", 1.0, settings)
        return self._by_features(row)

    def _r_precision(self) -> Found:
        text, classes, own = self._text, self._class_of_caption, self.reference.pairs
        pictures = self._judged(self.subject.pictures)
        self.retrieved = r_precision(pictures, self.subject.caption, text, classes, self._seed)
        real = r_precision(
            self._judged(self.reference), own.caption_offset[:-1], text, classes, self._seed
        )
        settings = {
            "others": OTHERS, "others_from": "other classes of the split",
            "chance": 100 / (1 + OTHERS),
        }  # fmt: skip
        return self._by_judge("R-precision %", self.retrieved, real, settings)

    def _zero_shot(self) -> Found:
        classes, text = self._class_of_caption, self._text
        pictures = self._judged(self.subject.pictures)
        found = zero_shot(pictures, classes[self.subject.caption], text, classes)
        real = zero_shot(self._judged(self.reference), self.reference.pairs.class_id, text, classes)
        count = len(np.unique(classes))
        settings = {"classes": count, "chance": 100 / count}
        return self._by_judge("zero-shot accuracy %", found, real, settings)

    def _parzen(self) -> Found:
        subject, reference = self.subject, self.reference
        held = "val" if read_header(self._data).images["val"] else "train"
        chosen = read_stored(self._data, [held]).image
        order = np.random.default_rng([self._seed, 2]).permutation(len(chosen))
        held_out = _flat(middle(chosen[order[: parzen.HELD_OUT]], reference.size))
        test = _flat(reference.at(np.arange(len(reference))))
        samples = min(len(subject.pictures), parzen.SAMPLES)
        require("parzen", "generated", np.zeros((samples, 1)), 2, "a window")
        sums = [np.full((len(own), len(parzen.SIGMAS)), -np.inf) for own in (held_out, test)]
        for start in range(0, samples, BLOCK):
            self._progress("Parzen window", start, samples)
            rows = np.arange(start, min(start + BLOCK, samples))
            painted = _flat(subject.pictures.at(rows))
            for total, own in zip(sums, (held_out, test), strict=True):
                np.logaddexp(total, parzen.log_sums(own, painted), out=total)
        self._progress("Parzen window", samples, samples)
        found = parzen.parzen(sums[0], sums[1], samples, held_out.shape[1])
        settings = {
            "sigma": found.sigma, "samples": samples, "held_out": f"{len(held_out)} of {held}",
        }  # fmt: skip
        stamp = Stamp("pixels", "pixels in [0, 1]", "", "none")
        row = Row("log-likelihood, nats", found.log_likelihood, "higher", settings=settings)
        return stamp, [row]

    @property
    def _features(self) -> Measurer:
        if self._measurer is None:
            raise InputError(_NO_MEASURER)
        return self._measurer

    @property
    def _judge(self) -> Judge:
        if self._judge_or_none is None:
            raise InputError(_NO_JUDGE)
        return self._judge_or_none

    @property
    def _generated(self) -> dict[str, Rows]:
        return self._rows(self.subject.pictures, self._features, "painting and measuring")

    @property
    def _real(self) -> dict[str, Rows]:
        return self._rows(self.reference, self._features, "measuring the reference")

    @property
    def _learned(self) -> dict[str, Rows]:
        return self._rows(self.training, self._features, "measuring the training pictures")

    @cached_property
    def _text(self) -> npt.NDArray[np.float32]:
        return self._judge.text.embed(self.reference.pairs.caption)

    @property
    def _class_of_caption(self) -> npt.NDArray[np.int32]:
        real = self.reference.pairs
        return np.repeat(real.class_id, np.diff(real.caption_offset))

    def _judged(self, pictures: Pictures) -> Rows:
        judge = self._judge
        return self._rows(pictures, judge.measurer, "judging")["embedding"]

    def _class_probabilities(self, pictures: Pictures) -> Rows:
        classes, own = np.unique(self._class_of_caption, return_inverse=True)
        means = np.stack([self._text[own == each].mean(axis=0) for each in range(len(classes))])
        score = self._judged(pictures) @ means.T
        score = np.exp(score - score.max(axis=1, keepdims=True))
        probabilities: Rows = score / score.sum(axis=1, keepdims=True)
        return probabilities

    def _rows(self, pictures: Pictures, measurer: Measurer, what: str) -> dict[str, Rows]:
        known = self._of_real if isinstance(pictures, RealPictures) else self._measured
        key = (pictures.fingerprint, measurer.stamp.sha256)
        if key not in known:
            known[key] = measured(pictures, measurer, self._cache, what, self._progress)
        return known[key]

    def _by_features(self, *rows: Row) -> Found:
        return self._features.stamp, list(rows)

    def _by_judge(
        self, name: str, found: Retrieval, real: Retrieval, settings: dict[str, Any]
    ) -> Found:
        stamp = self._judge.measurer.stamp
        estimate = of_mean(100.0 * found.right).within(0, 100)
        return stamp, [Row(name, estimate, "higher", 100.0 * float(real.right.mean()), settings)]


def _where_there_are_enough(compute: Callable[[], Estimate]) -> float | None:
    """Returns a number of the real pictures, of which there may be too few for it."""
    try:
        return compute().value
    except InputError:
        return None


def _flat(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    pixels: npt.NDArray[np.float32] = images.reshape(len(images), -1).astype(np.float32)
    pixels /= 255
    return pixels
