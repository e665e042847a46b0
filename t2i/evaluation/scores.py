"""Every metric by its name: what it measures of the pictures, and the rows that come of it."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.evaluation.evidence import Evidence
from t2i.evaluation.measurers import VISION, Stamp
from t2i.evaluation.metrics import diversity, parzen
from t2i.evaluation.metrics.agreement import CLASSES, ClassList, top1
from t2i.evaluation.metrics.estimate import Estimate, of_mean, require
from t2i.evaluation.metrics.fid import DIRECTIONS, fid, halves, principal
from t2i.evaluation.metrics.inception_score import inception_score
from t2i.evaluation.metrics.kid import kid
from t2i.evaluation.metrics.manifold import DENSITY_NEIGHBOURS, PRECISION_NEIGHBOURS, manifold
from t2i.evaluation.metrics.retrieval import OTHERS, Retrieval, r_precision, zero_shot
from t2i.evaluation.metrics.variety import variety
from t2i.evaluation.pictures import BLOCK
from t2i.evaluation.report import Score
from t2i.evaluation.subject import VARIATIONS
from t2i.images.pixels import middle

# Who measured, and what came of it.
Measurement = tuple[Stamp, list[Score]]


class Scores:
    """The metrics of one subject beside its reference, each by its name.

    Attributes:
        evidence: what they look at.
        retrieved: how each generated picture fared against other captions, once computed.
        nearest_training: row of the nearest training picture of each generated one, and the
            distance, once computed.
    """

    def __init__(self, evidence: Evidence, seed: int, classes: ClassList | None = None) -> None:
        """Takes what they need.

        Args:
            evidence: see above.
            seed: of the captions that compete.
            classes: of ImageNet that pictures should be taken for.
        """
        self.evidence = evidence
        self._seed, self._classes = seed, classes
        self.retrieved: Retrieval | None = None
        self.nearest_training: tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]] | None = None

    @cached_property
    def by_name(self) -> dict[str, Callable[[], Measurement]]:
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

    def _fid(self) -> Measurement:
        evidence = self.evidence
        estimate = fid(evidence.generated["features"], evidence.real["features"])
        return self._by_features(Score("FID", estimate, "lower"))

    def _fid64(self) -> Measurement:
        evidence = self.evidence
        real = evidence.real["features"]
        axes = principal(real)
        estimate = fid(evidence.generated["features"] @ axes, real @ axes, "fid64")
        settings = {"directions": axes.shape[1], "real": "two halves of the reference"}
        score = Score(
            f"FID, {DIRECTIONS} directions", estimate, "lower", halves(real @ axes), settings
        )
        return self._by_features(score)

    def _kid(self) -> Measurement:
        evidence = self.evidence
        estimate = kid(evidence.generated["features"], evidence.real["features"])
        settings = {"kernel": "(x y / d + 1)^3", "pairs": "all"}
        return self._by_features(Score("KID", estimate, "lower", settings=settings))

    def _inception_score(self) -> Measurement:
        evidence = self.evidence
        if "probabilities" in evidence.features.widths:
            probabilities = evidence.generated["probabilities"]
            real = evidence.real["probabilities"]
            # The published Inception Scores leave the bias of the FID Inception's logits out.
            biased = evidence.features.stamp.kind == VISION
            classes = "of ImageNet" if biased else "of ImageNet, without the bias"
        elif evidence.by_judge:
            probabilities = evidence.class_probabilities(evidence.subject.pictures)
            real = evidence.class_probabilities(evidence.reference)
            classes = "of the split: scores of their mean captions, softmax"
        else:
            raise InputError(
                "is: expected class probabilities, got features alone; measure by the FID "
                "Inception or by the judge"
            )
        settings = {"splits": 10, "classes": classes}
        of_real = _where_there_are_enough(lambda: inception_score(real))
        estimate = inception_score(probabilities)
        return self._by_features(Score("Inception Score", estimate, "higher", of_real, settings))

    def _manifold(self) -> Measurement:
        evidence = self.evidence
        shares = manifold(evidence.generated["features"], evidence.real["features"])
        three: dict[str, Any] = {"neighbours": PRECISION_NEIGHBOURS}
        five: dict[str, Any] = {"neighbours": DENSITY_NEIGHBOURS}
        return self._by_features(
            Score("precision %", shares.precision.scaled(100), "higher", settings=three),
            Score("recall %", shares.recall.scaled(100), "higher", settings=three),
            Score("density", shares.density, "higher", settings=five),
            Score("coverage %", shares.coverage.scaled(100), "higher", settings=five),
        )

    def _top1(self) -> Measurement:
        evidence = self.evidence
        if self._classes is None:
            raise InputError(
                "top1: expected classes that pictures should be taken for, got none; "
                "give --classes, for example birds"
            )
        if evidence.features.widths.get("probabilities") != CLASSES:
            raise InputError(
                f"top1: expected a network that tells ImageNet's {CLASSES} classes, got "
                f"{evidence.features.stamp.name}; give --features efficientnet-lite1, for example"
            )
        taken = top1(evidence.generated["probabilities"], self._classes)
        real = top1(evidence.real["probabilities"], self._classes)
        settings = {"classes": self._classes.name, "number": len(self._classes.indices)}
        name = f"top-1 is of {self._classes.name} %"
        estimate = of_mean(100.0 * taken).within(0, 100)
        return self._by_features(Score(name, estimate, "higher", 100.0 * real.mean(), settings))

    def _variety(self) -> Measurement:
        evidence = self.evidence
        varied = evidence.varied
        captions, classes = (evidence.subject.varied_caption, evidence.reference.pairs.class_id)
        settings = {"pictures_of_a_caption": VARIATIONS, "real": "pictures of one class"}
        scores = []
        for name, kind in (("variety", "features"), ("variety of layout", "layout")):
            if kind in varied:
                centred = kind == "layout"
                estimate = variety(varied[kind], captions, evidence.real[kind], classes, centred)
                scores.append(Score(name, estimate, "higher", 1.0, settings))
        return self._by_features(*scores)

    def _diversity(self) -> Measurement:
        evidence = self.evidence
        varied = evidence.varied
        estimate = diversity.within_groups(varied["features"], evidence.subject.varied_caption)
        real, classes = evidence.real["features"], evidence.reference.pairs.class_id
        of_real = _where_there_are_enough(lambda: diversity.within_groups(real, classes))
        settings = {"pictures_of_a_caption": VARIATIONS, "real": "pictures of one class"}
        return self._by_features(Score("diversity", estimate, "higher", of_real, settings))

    def _copying(self) -> Measurement:
        evidence = self.evidence
        self.nearest_training = diversity.nearest(
            evidence.generated["features"], evidence.learned["features"]
        )
        _, real = diversity.nearest(evidence.real["features"], evidence.learned["features"])
        if not real.mean() > 0:
            raise InputError(
                "copying: expected pictures never trained on, got the training pictures "
                "themselves; choose another --split"
            )
        estimate = of_mean(self.nearest_training[1]).scaled(1 / float(real.mean()))
        settings = {"splits": list(evidence.subject.trained_on)}
        score = Score("distance to training", estimate, "neither", 1.0, settings)
        return self._by_features(score)

    def _r_precision(self) -> Measurement:
        evidence = self.evidence
        text, classes, pairs = (evidence.text, evidence.class_of_caption, evidence.reference.pairs)
        pictures = evidence.judged(evidence.subject.pictures)
        self.retrieved = r_precision(pictures, evidence.subject.caption, text, classes, self._seed)
        real = r_precision(
            evidence.judged(evidence.reference),
            pairs.caption_offset[:-1],
            text,
            classes,
            self._seed,
        )
        settings = {
            "others": OTHERS, "others_from": "other classes of the split",
            "chance": 100 / (1 + OTHERS),
        }  # fmt: skip
        return self._by_judge("R-precision %", self.retrieved, real, settings)

    def _zero_shot(self) -> Measurement:
        evidence = self.evidence
        classes, text = evidence.class_of_caption, evidence.text
        pictures = evidence.judged(evidence.subject.pictures)
        retrieved = zero_shot(pictures, classes[evidence.subject.caption], text, classes)
        real = zero_shot(
            evidence.judged(evidence.reference), evidence.reference.pairs.class_id, text, classes
        )
        count = len(np.unique(classes))
        settings = {"classes": count, "chance": 100 / count}
        return self._by_judge("zero-shot accuracy %", retrieved, real, settings)

    def _parzen(self) -> Measurement:
        evidence = self.evidence
        pictures, size = evidence.subject.pictures, evidence.reference.size
        split = "val" if evidence.data.header.images["val"] else "train"
        stored = evidence.data.stored([split]).image
        order = np.random.default_rng([self._seed, 2]).permutation(len(stored))
        held_out = _flat(middle(stored[order[: parzen.HELD_OUT]], size))
        test = _flat(evidence.reference.at(np.arange(len(evidence.reference))))
        samples = min(len(pictures), parzen.SAMPLES)
        require("parzen", "generated", np.zeros((samples, 1)), 2, "a window")
        sums = [np.full((len(real), len(parzen.SIGMAS)), -np.inf) for real in (held_out, test)]
        for start in range(0, samples, BLOCK):
            evidence.progress("Parzen window", start, samples)
            painted = _flat(pictures.at(np.arange(start, min(start + BLOCK, samples))))
            for total, real in zip(sums, (held_out, test), strict=True):
                np.logaddexp(total, parzen.log_sums(real, painted), out=total)
        evidence.progress("Parzen window", samples, samples)
        window = parzen.parzen(sums[0], sums[1], samples, held_out.shape[1])
        settings = {
            "sigma": window.sigma, "samples": samples, "held_out": f"{len(held_out)} of {split}",
        }  # fmt: skip
        stamp = Stamp("pixels", "pixels in [0, 1]", "", "none")
        score = Score("log-likelihood, nats", window.log_likelihood, "higher", settings=settings)
        return stamp, [score]

    def _by_features(self, *scores: Score) -> Measurement:
        return self.evidence.features.stamp, list(scores)

    def _by_judge(
        self, name: str, retrieved: Retrieval, real: Retrieval, settings: dict[str, Any]
    ) -> Measurement:
        stamp = self.evidence.judge.measurer.stamp
        estimate = of_mean(100.0 * retrieved.right).within(0, 100)
        return stamp, [Score(name, estimate, "higher", 100.0 * float(real.right.mean()), settings)]


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
