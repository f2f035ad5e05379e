import torch

from mmextra.models.task_modules.prior_generators import (
    RotatedShapePriorGenerator,
)


def test_locations_and_shapes_in_order():
    generator = RotatedShapePriorGenerator([4, 8], [[(5, 2), (2, 5)],
                                                    [(9, 3), (3, 9)]])
    first, second = generator.grid_priors([(2, 3), (1, 1)], device='cpu')
    assert generator.num_base_priors == [2, 2]
    assert first[:4].tolist() == [[2, 2, 5, 2, 0], [2, 2, 2, 5, 0],
                                  [6, 2, 5, 2, 0], [6, 2, 2, 5, 0]]
    assert first[6].tolist() == [2, 6, 5, 2, 0]
    assert second.tolist() == [[4, 4, 9, 3, 0], [4, 4, 3, 9, 0]]


def test_squares_without_anchors():
    generator = RotatedShapePriorGenerator([4, 16], base_scale=8)
    assert [s.tolist() for s in generator.shapes] == [[[32, 32]],
                                                      [[128, 128]]]


def test_flags_of_padding():
    generator = RotatedShapePriorGenerator([8], [[(5, 2), (2, 5)]])
    flags, = generator.valid_flags([(2, 2)], (8, 16), device='cpu')
    assert flags.tolist() == [True] * 4 + [False] * 4
    priors, = generator.grid_priors([(2, 2)], device='cpu')
    assert torch.equal(priors[flags][:, 1], torch.full((4, ), 4.))
