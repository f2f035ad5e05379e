import pytest
import torch
from mmdet.models.backbones import MobileNetV2
from torch import nn

from mmextra.models.backbones import mobilenet_v2_from_torchvision

# expansion, channels, blocks, stride of each stage: Table 2 of the paper.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
          (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def unit(given, made, kernel=1, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(given, made, kernel, stride, kernel // 2, groups=groups,
                  bias=False), nn.BatchNorm2d(made), nn.ReLU6())


class Block(nn.Module):

    def __init__(self, given, made, stride, expansion):
        super().__init__()
        mid = given * expansion
        self.shortcut = stride == 1 and given == made
        self.conv = nn.Sequential(
            *([unit(given, mid)] if expansion > 1 else []),
            unit(mid, mid, 3, stride, mid),
            nn.Conv2d(mid, made, 1, bias=False), nn.BatchNorm2d(made))

    def forward(self, x):
        return x + self.conv(x) if self.shortcut else self.conv(x)


class Reference(nn.Module):
    """MobileNetV2 from its paper, with torchvision's names."""

    def __init__(self):
        super().__init__()
        layers, given = [unit(3, 32, 3, 2)], 32
        for expansion, made, blocks, stride in STAGES:
            for block in range(blocks):
                layers.append(Block(given, made, 1 if block else stride,
                                    expansion))
                given = made
        self.features = nn.Sequential(*layers, unit(320, 1280))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(1280, 10))


@pytest.fixture(scope='module')
def reference():
    torch.manual_seed(0)
    model = Reference().eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, .5, 1.5)
            nn.init.normal_(module.bias)
            module.running_mean.normal_()
            module.running_var.uniform_(.5, 2)
    return model


def test_same_maps(reference):
    model = MobileNetV2(out_indices=tuple(range(8)))
    model.eval()
    model.load_state_dict(
        mobilenet_v2_from_torchvision(reference.state_dict()))
    x = torch.randn(2, 3, 64, 96)
    expected, ends = [], (1, 3, 6, 10, 13, 16, 17, 18)
    with torch.no_grad():
        for index, layer in enumerate(reference.features):
            x_next = layer(x if index else (first := x))
            x = x_next
            if index in ends:
                expected.append(x)
        got = model(first)
    for one, other in zip(got, expected):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_foreign_weights_are_named(reference):
    weights = reference.state_dict()
    with pytest.raises(ValueError, match='layer1.0.conv1.weight'):
        mobilenet_v2_from_torchvision({'layer1.0.conv1.weight': 0})
    with pytest.raises(ValueError, match='1 weights are not .*: extra'):
        mobilenet_v2_from_torchvision({**weights, 'extra': torch.zeros(1)})
    del weights['features.7.conv.1.0.weight']
    with pytest.raises(ValueError, match=r'no features\.7\.conv\.1\.0\.'):
        mobilenet_v2_from_torchvision(weights)
