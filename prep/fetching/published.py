"""The data sets that others have published: where they are, and how to know them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Published:
    """A file of a published data set.

    Attributes:
        name: of the file.
        page: where people find it.
        urls: mirrors, the most trusted first.
        size: bytes, where they are published.
        sha256: of the content, where it is published.
        captions: caption files that it holds at least; looked at where there is no `sha256`.
    """

    name: str
    page: str
    urls: tuple[str, ...]
    size: int | None = None
    sha256: str | None = None
    captions: int = 0

    @property
    def is_archive(self) -> bool:
        """Whether it can be unpacked; MNIST's .gz are read as they are."""
        return self.name.endswith((".tgz", ".tar.gz"))


_CALTECH = "https://data.caltech.edu/records/65de6-vp158"
_OXFORD = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"
_DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
_REED = "https://drive.google.com/file/d/"
_REED_BIRDS = "0B0ywwgffWnLLZW9uVHNjb2JmNlE", "0-8y2UVmBHAlG26HafWYNoFQ"
_REED_FLOWERS = "0B0ywwgffWnLLcms2WWJQRFNSWXM", "0-Av8zFbeDDvNcF1sSjDR32w"
_MNIST = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)


def _flowers(name: str, size: int, sha256: str) -> Published:
    return Published(name, _OXFORD, (_OXFORD + name,), size, sha256)


def _mnist(name: str, size: int, sha256: str) -> Published:
    return Published(name, _MNIST[0] + name, tuple(url + name for url in _MNIST), size, sha256)


def _captions(name: str, drive: tuple[str, str], pictures: int) -> Published:
    page = f"{_REED}{drive[0]}/view?resourcekey={drive[1]}"
    url = f"{_DRIVE}{drive[0]}&resourcekey={drive[1]}"
    return Published(name, page, (url,), captions=pictures)


# Source: sizes and sums from TensorFlow Datasets 4.9 (url_checksums/caltech_birds2011.txt and
#     mnist.txt, datasets/oxford_flowers102/checksums.tsv); FastAI.jl gives the same sum for the
#     second mirror of CUB. Reed et al. (CVPR 2016) link the captions to Google Drive and nobody
#     has published a sum of them: such an archive must hold a caption file for each picture.
DATA_SETS: Mapping[str, tuple[Published, ...]] = MappingProxyType(
    {
        "cub": (
            Published(
                "CUB_200_2011.tgz",
                _CALTECH,
                (
                    f"{_CALTECH}/files/CUB_200_2011.tgz?download=1",
                    "https://s3.amazonaws.com/fast-ai-imageclas/CUB_200_2011.tgz",
                    f"{_DRIVE}1hbzc_P1FuxMkcabkgn9ZKinBwW683j45",
                ),
                1_150_585_339,
                "0c685df5597a8b24909f6a7c9db6d11e008733779a671760afef78feb49bf081",
            ),
        ),
        "cub-captions": (_captions("cvpr2016_cub.tar.gz", _REED_BIRDS, 11_788),),
        "flowers": (
            _flowers(
                "102flowers.tgz",
                344_862_509,
                "2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246",
            ),
            _flowers(
                "imagelabels.mat",
                502,
                "4903e94206bac23bf772aadf06451916df56b58fc483a62db32a97b82656651d",
            ),
            _flowers(
                "setid.mat",
                14_989,
                "46b8678f91fd95d3c8f4feab80d271a6c834a1dd896fe29fd3e6ad9ce5c8dccd",
            ),
        ),
        "flowers-captions": (_captions("cvpr2016_flowers.tar.gz", _REED_FLOWERS, 8_189),),
        "mnist": (
            _mnist(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            _mnist(
                "train-labels-idx1-ubyte.gz",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            _mnist(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            _mnist(
                "t10k-labels-idx1-ubyte.gz",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    }
)
