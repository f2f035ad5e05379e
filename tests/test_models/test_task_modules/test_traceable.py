import numpy as np
import onnxruntime
import torch
from mmdet.models.utils import filter_scores_and_topk

from mmextra.apis.export import GraphPlan, Options
from mmextra.apis.export.onnx_file import write_graph
from mmextra.models.img_heads.replication import even_index
from mmextra.models.task_modules.traceable import (
    best_pairs,
    rank_within,
    traceable_hosts,
)


def test_best_pairs_are_mmdets():
    torch.manual_seed(0)
    scores = torch.rand(30, 4)
    for limit in (1000, 7):
        best, labels, index, _ = filter_scores_and_topk(scores, .3, limit)
        found = best_pairs(scores, .3, limit)
        for own, expected in zip(found, (best, labels, index)):
            torch.testing.assert_close(own, expected)


def test_every_image_of_a_batch_has_its_own_limit():
    torch.manual_seed(0)
    scores, images = torch.rand(40, 3), torch.arange(40) % 3
    values, labels, index = best_pairs(scores, .2, 5, images, 3)
    for image in range(3):
        own = images == image
        expected = filter_scores_and_topk(scores[own], .2, 5)
        mine = images[index] == image
        torch.testing.assert_close(values[mine], expected[0])
        torch.testing.assert_close(labels[mine], expected[1])


def test_ranks():
    groups = torch.tensor([1, 0, 1, 1, 0])
    assert rank_within(groups, 2).tolist() == [0, 0, 1, 2, 1]


def test_even_copies():
    for count in range(1, 9):
        counts = torch.full((count, ), 8 // count)
        counts[:8 % count] += 1
        expected = torch.arange(count).repeat_interleave(counts)
        assert even_index(count, 8).tolist() == expected.tolist()
        assert even_index(torch.tensor(count),
                          8).tolist() == expected.tolist()


def test_the_hosts_are_as_before_afterwards():
    import mmdet.models.dense_heads.base_dense_head as host
    before = host.filter_scores_and_topk
    with traceable_hosts():
        assert host.filter_scores_and_topk is not before
    assert host.filter_scores_and_topk is before


class Levels(torch.nn.Module):
    """Scores of two levels and their numbers, as an RPN collects them."""

    def forward(self, first, second):
        scores = [torch.squeeze(each.reshape(-1, 1))
                  for each in (first, second)]
        numbers = [each.new_full((each.size(0), ), level, dtype=torch.long)
                   for level, each in enumerate(scores)]
        return torch.cat(scores), torch.cat(numbers)


def test_levels_begin_where_those_of_the_image_do(tmp_path):
    """Not where those of the example did."""
    names = ['first', 'second']
    write_graph(
        GraphPlan('levels', Levels(),
                  {name: torch.rand(1, 4, 5) for name in names},
                  ['scores', 'numbers'],
                  {name: {1: f'h_{name}', 2: f'w_{name}'} for name in names}),
        tmp_path / 'levels.onnx', Options())
    graph = onnxruntime.InferenceSession(str(tmp_path / 'levels.onnx'))
    for sizes in (((3, 7), (2, 3)), ((4, 5), (4, 5)), ((8, 9), (1, 1))):
        maps = [torch.rand(1, *size) for size in sizes]
        scores, numbers = graph.run(
            None, {name: each.numpy() for name, each in zip(names, maps)})
        np.testing.assert_array_equal(
            scores, torch.cat([each.flatten() for each in maps]))
        assert numbers.tolist() == [0] * maps[0].numel() + \
            [1] * maps[1].numel()
