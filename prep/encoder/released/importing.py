"""The text encoders that Reed et al. released for Torch -> ours, the same function of a text."""

from pathlib import Path

import numpy as np

from prep.encoder.released.network import Affine, TorchEncoder, read_torch_encoder
from t2i.encoders.text import TextEncoder, build_text_encoder
from t2i.encoders.tokenizers import CharTokenizer


def import_encoder(path: Path) -> TextEncoder:
    """Returns the text encoder in a Torch file, ready for sentences.

    Deviation: Torch's Threshold drops what is not above 1e-6, the ReLU here what is not above 0.

    Raises:
        InputError: as `read_torch_encoder`.
    """
    torch = read_torch_encoder(path)
    tokenizer = CharTokenizer(torch.config.length)
    model = build_text_encoder(torch.config, tokenizer.vocabulary_size)
    for name, weights in _layers(torch).items():
        model.get_layer(name).set_weights(weights)
    return TextEncoder(model, tokenizer, torch.config)


def _layers(torch: TorchEncoder) -> dict[str, list[np.ndarray]]:
    """Returns the weights of each of our layers, by name.

    Where Torch adds two linear layers, each with a bias, Keras has one bias. Torch multiplies the
    new state by its update gate and Keras the old one: sigmoid(-a) is 1 - sigmoid(a).
    """
    layers = {"embedding": _dense(torch.projection), "first_step": _dense(torch.recurrent["in"])}
    for index, (shape, own) in enumerate(
        zip(torch.config.convolutions, torch.convolutions, strict=True), 1
    ):
        frames = own.weight.reshape(shape.filters, shape.kernel_size, -1)
        layers[f"convolution_{index}"] = [frames.transpose(1, 2, 0), own.bias]
    if torch.config.recurrent == "relu":
        layers["rnn"] = _joined([("", 1)], torch)
    else:
        layers["gru"] = _joined([("update_", -1), ("reset_", 1), ("", 1)], torch)
    return layers


def _dense(own: Affine) -> list[np.ndarray]:
    return [own.weight.T, own.bias]


def _joined(gates: list[tuple[str, int]], torch: TorchEncoder) -> list[np.ndarray]:
    """Returns kernel, recurrent kernel and bias of the gates side by side, each with its sign."""
    pairs = [
        (sign, torch.recurrent[f"{name}in"], torch.recurrent[f"{name}back"]) for name, sign in gates
    ]
    return [
        np.concatenate([sign * x.weight.T for sign, x, _ in pairs], 1),
        np.concatenate([sign * h.weight.T for sign, _, h in pairs], 1),
        np.concatenate([sign * (x.bias + h.bias) for sign, x, h in pairs]),
    ]
