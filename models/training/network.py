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
        # Widths are multiples of 32, which matrix units of today's processors fill.
        self.to_8 = nn.Sequential(convolution(2, 32, 7, 4), convolution(32, 64, 3, 2), Residual(64))
        self.to_16 = nn.Sequential(convolution(64, 64, 3, 2), Residual(64))
        self.to_32 = nn.Sequential(convolution(64, 64, 3, 2), convolution(64, 64))
        self.from_32 = convolution(64, 64, 1)
        self.at_16 = convolution(64, 64)
        self.at_8 = nn.Sequential(convolution(64, 64), convolution(64, 64))
        self.heatmap = nn.Conv2d(64, len(CLASSES), 1)
        self.distances = nn.Conv2d(64, 4, 1)
        # Start from "nothing is anywhere": a rare class must not be shouted down in the first steps.
        nn.init.constant_(self.heatmap.bias, -4.0)
        nn.init.constant_(self.distances.bias, 1.5)

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
