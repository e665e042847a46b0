"""Where the pairs trained on are held, and how they reach the device from elsewhere.

Wherever they are, a run draws the same batches: what a step looks up is chosen on the host by
the function that chooses on the device, so the weights come out the same. The cost is the copy
of a block, the pictures and embeddings of a launch, made by a thread while the device works.
"""

import os
from typing import Literal

from t2i.config.run import TrainingConfig
from t2i.pairs.reading import Header

Residence = Literal["device", "host", "file"]

# Shares of a memory that the pairs may take; networks and activations need the rest. Where the
# device is the host, its copy is a second one for a moment.
_DEVICE_SHARE, _HOST_SHARE = 0.4, 0.7


def choose_residence(
    training: TrainingConfig, header: Header, device_bytes: int | None
) -> tuple[Residence, str]:
    """Returns where the pairs are held, and the reason in words.

    Args:
        training: `data` and `splits`.
        header: of the pairs file.
        device_bytes: memory of a device; None where the device is the host, 0 where it is unknown.
    """
    if training.data != "auto":
        return training.data, "as configured"
    host_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    size = pairs_bytes(training, header)
    said = f"{size / 1e9:.1f} GB of pictures and embeddings"
    if device_bytes == 0:
        reason = f"{said}; nvidia-smi does not say what the device has"
        return ("host" if size <= _HOST_SHARE * host_bytes else "file"), reason
    device_bytes = device_bytes or host_bytes
    if size <= _DEVICE_SHARE * device_bytes:
        return "device", f"{said} fit its {device_bytes / 1e9:.0f} GB"
    if size <= _HOST_SHARE * host_bytes:
        return "host", f"{said} fit no device of {device_bytes / 1e9:.0f} GB"
    return "file", f"{said} fit no memory of {host_bytes / 1e9:.0f} GB"


def pairs_bytes(training: TrainingConfig, header: Header) -> int:
    """Returns the bytes of the pictures and embeddings trained on."""
    images = sum(header.images[split] for split in training.splits)
    captions = sum(header.captions[split] for split in training.splits)
    numbers = header.encoder.embedding_size if header.encoder else 0
    return images * header.image_size**2 * header.channels + captions * numbers * 4
