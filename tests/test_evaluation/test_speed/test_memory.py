import torch

from mmextra.evaluation.speed import peak_memory


def test_peak_is_the_most_held_at_once():
    kept = []

    def step():
        first = torch.empty(1000, dtype=torch.uint8)
        second = torch.empty(3000, dtype=torch.uint8)
        del first
        kept.append(torch.empty(500, dtype=torch.uint8))
        del second

    before = torch.empty(10**6, dtype=torch.uint8)
    assert peak_memory(step, 'cpu') == 4000
    # What the first call left behind does not count for the second.
    assert peak_memory(step, 'cpu') == 4000
    assert peak_memory(before.numel, 'cpu') == 0
