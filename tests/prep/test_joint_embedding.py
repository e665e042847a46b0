import keras
import numpy as np
import pytest

from prep.joint_embedding import (
    contrastive_joint_embedding,
    structured_joint_embedding,
    zero_shot_score,
)


def loss(image: object, text: object, class_id: object, classes: int) -> float:
    arrays = (np.asarray(image, np.float32), np.asarray(text, np.float32), np.asarray(class_id))
    return float(structured_joint_embedding(*map(keras.ops.convert_to_tensor, arrays), classes))


def test_the_loss_of_two_pairs():
    # Scores <v_i, t_j>: [[1.0, 0.5], [0.2, 2.0]].
    image, text = [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.2], [0.5, 2.0]]
    wrong_text = (1 + 0.5 - 1.0) + max(0, 1 + 0.2 - 2.0)
    wrong_image = (1 + 0.2 - 1.0) + max(0, 1 + 0.5 - 2.0)
    assert loss(image, text, [7, 9], 2) == pytest.approx((wrong_text + wrong_image) / 4)


def test_pairs_of_one_class_are_not_pushed_apart():
    rng = np.random.default_rng(0)
    image, text = rng.standard_normal((2, 6, 5))
    class_id = [3, 3, 1, 1, 2, 2]
    expected = 0.0
    for i in range(6):
        for j in range(6):
            if class_id[i] != class_id[j]:
                expected += max(0.0, 1 + image[i] @ text[j] - image[i] @ text[i])
                expected += max(0.0, 1 + image[j] @ text[i] - image[i] @ text[i])
    assert loss(image, text, class_id, 3) == pytest.approx(expected / (6 * 3), rel=1e-5)


def test_the_loss_is_0_when_every_margin_is_held():
    assert loss(np.eye(4) * 1.5, np.eye(4), [1, 2, 3, 4], 4) == 0.0


def contrastive(image: np.ndarray, text: np.ndarray, class_id: list[int], *weights: float) -> float:
    arrays = (image.astype(np.float32), text.astype(np.float32), np.array(class_id))
    tensors = map(keras.ops.convert_to_tensor, arrays)
    return float(contrastive_joint_embedding(*tensors, *weights))


def cross_entropy(scores: list[float], right: list[int]) -> float:
    shares = np.exp(scores) / np.exp(scores).sum()
    return -np.mean([np.log(shares[i]) for i in right])


@pytest.mark.parametrize("instances", [0.0, 0.7])
def test_the_contrastive_loss_is_that_of_brute_force(instances):
    rng = np.random.default_rng(0)
    image, text = rng.standard_normal((2, 6, 5))
    class_id = [3, 3, 1, 2, 2, 2]
    expected = 0.0
    for ours, theirs in ((image, text), (text, image)):
        for i in range(6):
            scores = [2.5 * ours[i] @ other for other in theirs]
            mates = [j for j in range(6) if class_id[j] == class_id[i]]
            expected += cross_entropy(scores, mates) / 12
            own = cross_entropy([scores[j] for j in mates], [mates.index(i)])
            expected += instances * own / 12
    found = contrastive(image, text, class_id, 2.5, instances)
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_choice_that_is_right_and_sure_costs_nothing():
    assert contrastive(np.eye(4), np.eye(4), [1, 2, 3, 4], 100.0, 1.0) == pytest.approx(0.0)


def test_zero_shot_scores_are_those_of_brute_force():
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((4, 8))
    image_class = rng.permutation(np.repeat([5, 11, 20, 21], 30)).astype(np.int32)
    text_class = np.repeat([5, 11, 20, 21], 12).astype(np.int32)
    index = {5: 0, 11: 1, 20: 2, 21: 3}
    image = np.stack([centres[index[c]] + rng.standard_normal(8) for c in image_class])
    text = np.stack([centres[index[c]] + rng.standard_normal(8) for c in text_class])

    right, precisions = 0, []
    mean_text = {c: np.mean([text[i] for i in range(48) if text_class[i] == c], 0) for c in index}
    for vector, class_id in zip(image, image_class, strict=True):
        right += max(index, key=lambda c: vector @ mean_text[c]) == class_id
    for class_id, vector in mean_text.items():
        ranked = sorted(range(120), key=lambda i: -(image[i] @ vector))[:50]
        precisions.append(sum(image_class[i] == class_id for i in ranked) / 50)

    score = zero_shot_score(image, image_class, text, text_class)
    assert score.classes == 4
    assert score.chance == 0.25
    assert score.accuracy == pytest.approx(right / 120)
    assert score.average_precision_50 == pytest.approx(np.mean(precisions))
    assert 0.4 < score.accuracy < 1.0, "a case that can tell right from wrong"


def test_precision_is_of_all_pictures_where_there_are_fewer_than_50():
    score = zero_shot_score(
        np.eye(4)[[0, 0, 1]], np.array([1, 1, 2]), np.eye(4)[:2], np.array([1, 2])
    )
    assert score.accuracy == 1.0
    assert score.average_precision_50 == pytest.approx((2 / 3 + 1 / 3) / 2)
