"""The detector: a small plain convolutional network with one stride-8 head and no anchors.

It stands alone so that the graph can change without the recipe. It refuses operations that a runtime may do
differently from another: convolutions, additions, nearest-neighbour enlargement; no suppression in the graph.
"""

import torch
from torch import nn
from torch.nn import functional

from prepare import CLASSES, STRIDE


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, normalisation, rectifier."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two convolutions beside a short cut."""

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(convolution(channels, channels), convolution(channels, channels))

    def forward(self, x):
        return x + self.body(x)


class Detector(nn.Module):
    """`image` [N,2,256,256] to `heatmap` [N,C,32,32] (logits) and `distances` [N,4,32,32] (input pixels, ≥ 0)."""

    def __init__(self):
        super().__init__()
        self.to_8 = nn.Sequential(
            convolution(2, 16, 5, 2),
            convolution(16, 24, 3, 2),
            convolution(24, 24),
            convolution(24, 48, 3, 2),
            Residual(48),
        )
        self.to_16 = nn.Sequential(convolution(48, 64, 3, 2), Residual(64))
        self.to_32 = nn.Sequential(convolution(64, 80, 3, 2), Residual(80))
        self.from_32 = convolution(80, 64, 1)
        self.at_16 = convolution(64, 48)
        self.at_8 = convolution(48, 56)
        self.heatmap = nn.Sequential(convolution(56, 48), nn.Conv2d(48, len(CLASSES), 1))
        self.distances = nn.Sequential(convolution(56, 32), nn.Conv2d(32, 4, 1))
        # Start from "nothing is anywhere": a rare class must not be shouted down in the first steps.
        nn.init.constant_(self.heatmap[1].bias, -4.0)
        nn.init.constant_(self.distances[1].bias, 1.5)

    def forward(self, image):
        at_8 = self.to_8(image)
        at_16 = self.to_16(at_8)
        at_32 = self.to_32(at_16)
        at_16 = self.at_16(at_16 + functional.interpolate(self.from_32(at_32), scale_factor=2.0, mode="nearest"))
        at_8 = self.at_8(at_8 + functional.interpolate(at_16, scale_factor=2.0, mode="nearest"))
        return self.heatmap(at_8), functional.softplus(self.distances(at_8)) * float(STRIDE)


def parameters_of(model: nn.Module) -> int:
    """How many numbers are learnt."""
    return sum(parameter.numel() for parameter in model.parameters())
