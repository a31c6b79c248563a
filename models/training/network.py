"""The detector: a small plain convolutional network with one stride-8 head and no anchors.

It stands alone so that the graph can change without the recipe. It refuses operations that a runtime may do
differently from another: convolutions, additions, nearest-neighbour enlargement; no suppression in the graph.
"""

import torch
from torch import nn
from torch.nn import functional

from prepare import CLASSES, STRIDE

# Widths are multiples of 16 where pixels are many, of 32 elsewhere: what matrix units of today's processors fill.
AT_2, AT_4, AT_8, AT_16 = 16, 32, 64, 128


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
    """`image` [N,2,S,S] to `heatmap` [N,C,S/8,S/8] (logits) and `distances` [N,4,S/8,S/8] (input pixels, ≥ 0); S is a
    multiple of 32."""

    def __init__(self):
        super().__init__()
        # Finer than stride 8 a runtime spends as long on moving numbers as on working with them: two steps there, no more.
        self.to_8 = nn.Sequential(
            convolution(2, AT_2, 3, 2), convolution(AT_2, AT_4, 3, 2), convolution(AT_4, AT_8, 3, 2), Residual(AT_8)
        )
        self.to_16 = nn.Sequential(convolution(AT_8, AT_16, 3, 2), Residual(AT_16), Residual(AT_16))
        self.to_32 = nn.Sequential(convolution(AT_16, AT_16, 3, 2), Residual(AT_16))
        self.from_32 = convolution(AT_16, AT_16, 1)
        self.from_16 = convolution(AT_16, AT_8, 1)
        self.at_8 = convolution(AT_8, AT_8)
        self.heatmap = nn.Conv2d(AT_8, len(CLASSES), 1)
        self.distances = nn.Conv2d(AT_8, 4, 1)
        # Start from "nothing is anywhere": a rare class must not be shouted down in the first steps.
        nn.init.constant_(self.heatmap.bias, -4.0)
        nn.init.constant_(self.distances.bias, 1.5)

    def forward(self, image):
        at_8 = self.to_8(image)
        at_16 = self.to_16(at_8)
        at_32 = self.to_32(at_16)
        at_16 = at_16 + functional.interpolate(self.from_32(at_32), scale_factor=2.0, mode="nearest")
        at_8 = self.at_8(at_8 + functional.interpolate(self.from_16(at_16), scale_factor=2.0, mode="nearest"))
        return self.heatmap(at_8), functional.softplus(self.distances(at_8)) * float(STRIDE)


def parameters_of(model: nn.Module) -> int:
    """How many numbers are learnt."""
    return sum(parameter.numel() for parameter in model.parameters())
