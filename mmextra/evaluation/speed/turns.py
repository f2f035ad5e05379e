"""Calls that take turns, so that a busy machine hits all alike."""
import time
from typing import Callable, Dict, List, Sequence, TypeVar, Union

import torch

Result = TypeVar('Result')


def time_call(call: Callable[[], object],
              device: Union[str, torch.device] = 'cpu') -> Dict[str, float]:
    """Time one call.

    Args:
        call (Callable): The call.
        device (str or torch.device): Where it runs; others than the CPU are
            waited for.

    Returns:
        dict[str, float]: ``wall`` and ``cpu``, the time of the clock and of
        the process, in seconds.
    """
    on_cpu = torch.device(device).type == 'cpu'
    if not on_cpu:
        torch.cuda.synchronize()
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    if not on_cpu:
        torch.cuda.synchronize()
    return dict(wall=time.perf_counter() - wall,
                cpu=time.process_time() - cpu)


def take_turns(calls: Sequence[Callable[[], Result]], rounds: int,
               warm_up: int = 1) -> List[List[Result]]:
    """Make each call once a round.

    Args:
        calls (Sequence[Callable]): The calls.
        rounds (int): Number of rounds that count.
        warm_up (int): Number of rounds before, that do not.

    Returns:
        list[list]: Of each call what it gave in each round.
    """
    found: List[List[Result]] = [[] for _ in calls]
    for turn in range(warm_up + rounds):
        for call, results in zip(calls, found):
            result = call()
            if turn >= warm_up:
                results.append(result)
    return found
