"""How much memory one call needs."""
import itertools
import json
import tempfile
from pathlib import Path
from typing import Callable

import torch
from torch.autograd import _enable_record_function
from torch.profiler import ProfilerActivity, profile


def peak_memory(step: Callable[[], object], device: str) -> int:
    """Most bytes of tensors a call holds at once, beyond those before it.

    On a CPU the profiler's log of allocations and releases is summed up.

    Args:
        step (Callable): The call.
        device (str): Where it runs.

    Returns:
        int: Bytes of PyTorch's own tensors, without libraries' work space.
    """
    if device != 'cpu':
        held = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        step()
        return torch.cuda.max_memory_allocated(device) - held
    with profile(activities=[ProfilerActivity.CPU],
                 profile_memory=True) as log:
        # Operations are not wanted, and stock assigners on a CPU make
        # millions of them: their log would take tens of GiB.
        _enable_record_function(False)
        try:
            step()
        finally:
            _enable_record_function(True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'trace.json'
        log.export_chrome_trace(str(path))
        events = json.loads(path.read_text())['traceEvents']
    events = [event for event in events if event['name'] == '[memory]']
    events.sort(key=lambda event: event['ts'])
    return max(itertools.accumulate(
        (event['args']['Bytes'] for event in events), initial=0))
