"""The two networks and one step of training in PyTorch, for `torch_step.py` to time.

    python benchmarks/torch_nets.py tuned --ngf 64 --ndf 64 --batch 64 --precision float32

Prints `ready`; then, for each number of steps on its input, the seconds that one took. `naive`
is the step as ports of the released code write it: three looks of D at whole pairs, pictures
generated anew for G's update, the target of feature matching looked at again, channels first,
D's gradients computed and thrown away in G's update. `tuned` does what `t2i` does, with
channels last and a fused Adam.
"""

import argparse
import sys
import time

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, leaky_relu, mse_loss

EMBEDDING, TEXT, LATENT = 1024, 128, 100


class Residual(nn.Module):
    """A bottleneck added to its input."""

    def __init__(self, channels: int, slope: float) -> None:
        super().__init__()
        narrow = channels // 4
        layers = []
        for wide_in, wide_out, side in ((channels, narrow, 1), (narrow, narrow, 3)):
            layers += [nn.Conv2d(wide_in, wide_out, side, padding=side // 2, bias=False)]
            layers += [nn.BatchNorm2d(wide_out), nn.LeakyReLU(slope)]
        layers += [nn.Conv2d(narrow, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns [b, channels, h, w]."""
        return x + self.layers(x)


class Generator(nn.Module):
    """G: embedding, latent -> picture."""

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        channels = width * min(8, size // 8)
        self.text = nn.Linear(EMBEDDING, TEXT)
        self.project = nn.Linear(LATENT + TEXT, 16 * channels, bias=False)
        layers: list[nn.Module] = [nn.BatchNorm2d(channels)]
        side = 4
        while True:
            layers += [Residual(channels, 0.0)] if side <= 8 else []
            layers += [nn.ReLU()]
            side *= 2
            if side == size:
                break
            narrower = width * min(8, size // (2 * side))
            layers += [nn.ConvTranspose2d(channels, narrower, 4, 2, 1, bias=False)]
            layers += [nn.BatchNorm2d(narrower)]
            channels = narrower
        layers += [nn.ConvTranspose2d(channels, 3, 4, 2, 1, bias=False), nn.Tanh()]
        self.paint = nn.Sequential(*layers)

    def forward(self, embedding: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
        """Returns [b, 3, s, s]."""
        text = leaky_relu(self.text(embedding), 0.2)
        x = self.project(torch.cat([latent, text], 1))
        return self.paint(x.view(len(x), -1, 4, 4))


class Discriminator(nn.Module):
    """D: a trunk that looks at the picture and a head that hears the text."""

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels, side = 3, size
        while side > 4:
            side //= 2
            wider = width * min(8, size // (2 * side))
            layers += [nn.Conv2d(channels, wider, 4, 2, 1, bias=False)]
            layers += [nn.BatchNorm2d(wider)] if channels != 3 else []
            layers += [Residual(wider, 0.2)] if side == 4 else []
            layers += [nn.LeakyReLU(0.2)]
            channels = wider
        self.trunk = nn.Sequential(*layers)
        self.text = nn.Sequential(nn.Linear(EMBEDDING, TEXT), nn.BatchNorm1d(TEXT))
        self.joint = nn.Conv2d(channels + TEXT, channels, 1, bias=False)
        self.judge = nn.Sequential(
            nn.BatchNorm2d(channels), nn.LeakyReLU(0.2), nn.Conv2d(channels, 1, 4, bias=False)
        )

    def head(self, seen: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        """Returns logits [b]."""
        text = leaky_relu(self.text(embedding), 0.2)[:, :, None, None].expand(-1, -1, 4, 4)
        return self.judge(self.joint(torch.cat([seen, text], 1))).view(-1).float()


class Step:
    """Both networks, their optimizers and a batch of random numbers."""

    def __init__(self, arguments: argparse.Namespace, tuned: bool) -> None:
        size, batch = arguments.size, arguments.batch
        layout = torch.channels_last if tuned else torch.contiguous_format
        self.g = Generator(arguments.ngf, size).to(memory_format=layout)
        self.d = Discriminator(arguments.ndf, size).to(memory_format=layout)
        how = {"lr": 2e-4, "betas": (0.5, 0.999), "fused": tuned or None}
        self.g_adam = torch.optim.Adam(self.g.parameters(), **how)
        self.d_adam = torch.optim.Adam(self.d.parameters(), **how)
        self.real = torch.rand(batch, 3, size, size).to(memory_format=layout) * 2 - 1
        self.right, self.wrong = torch.randn(2, batch, EMBEDDING)
        self.between = (self.right[: batch // 2] + self.right[batch // 2 :]) / 2
        self.latent = torch.randn(batch + batch // 2, LATENT)

    def naive(self) -> None:
        """Updates D, then G."""
        d, count = self.d, len(self.real)
        fakes = self.g(self.right, self.latent[:count]).detach()
        loss = entropy(d.head(d.trunk(self.real), self.right), 1.0)
        loss += 0.5 * entropy(d.head(d.trunk(self.real), self.wrong), 0.0)
        loss += 0.5 * entropy(d.head(d.trunk(fakes), self.right), 0.0)
        self.d_adam.zero_grad()
        loss.backward()
        self.d_adam.step()
        fakes = self.g(self.right, self.latent[:count])
        between = self.g(self.between, self.latent[count:])
        seen, target = d.trunk(fakes), d.trunk(self.real).detach()
        loss = entropy(d.head(seen, self.right), 1.0)
        loss += entropy(d.head(d.trunk(between), self.between), 1.0)
        loss += 10.0 * mse_loss(seen.mean(0), target.mean(0))
        self.g_adam.zero_grad()
        loss.backward()
        self.g_adam.step()

    def tuned(self) -> None:
        """Updates D, then G, computing nothing twice."""
        d, count = self.d, len(self.real)
        texts = torch.cat([self.right, self.between])
        fakes = self.g(texts, self.latent)
        real = d.trunk(self.real)
        loss = entropy(d.head(real, self.right), 1.0)
        loss += 0.5 * entropy(d.head(real, self.wrong), 0.0)
        loss += 0.5 * entropy(d.head(d.trunk(fakes[:count].detach()), self.right), 0.0)
        self.d_adam.zero_grad()
        loss.backward()
        self.d_adam.step()
        target = real.detach().float().mean(0)
        d.requires_grad_(False)
        seen = d.trunk(fakes)
        logit = d.head(seen, texts)
        loss = entropy(logit[:count], 1.0) + entropy(logit[count:], 1.0)
        loss += 10.0 * mse_loss(seen[:count].float().mean(0), target)
        self.g_adam.zero_grad()
        loss.backward()
        self.g_adam.step()
        d.requires_grad_(True)


def entropy(logit: torch.Tensor, target: float) -> torch.Tensor:
    """Returns the mean cross entropy."""
    return binary_cross_entropy_with_logits(logit, torch.full_like(logit, target))


def main() -> None:
    """Answers each number of steps with the seconds of one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("naive", "tuned"))
    parser.add_argument("--ngf", type=int, default=64)
    parser.add_argument("--ndf", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--precision", default="float32", choices=("float32", "mixed_bfloat16"))
    arguments = parser.parse_args()
    torch.manual_seed(0)
    step = Step(arguments, arguments.kind == "tuned")
    half = arguments.precision == "mixed_bfloat16"
    print("ready", flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        for _ in range(int(line)):
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                getattr(step, arguments.kind)()
        print((time.perf_counter() - started) / int(line), flush=True)


if __name__ == "__main__":
    main()
