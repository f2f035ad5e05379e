"""Random numbers of data sets and transforms, their own in every worker."""
import os
import random
from typing import Optional, Tuple

import torch
from mmengine.dist import get_rank
from torch.utils.data import get_worker_info


class WorkerRandom:
    """A generator that is made anew in every process that draws from it.

    Python's and numpy's global generators are shared with every library,
    and mmengine sets them to the same seed in the workers of every epoch, so
    that each epoch draws what the first one drew. Here a generator is seeded
    where it is first used, from

    - torch's generator, which follows mmengine's seed, in a worker also
      its number and the rank; every object draws its own seed from it;
    - in a worker torch's seed of the worker, which differs from epoch to
      epoch; where workers persist, the generator just goes on;
    - the rank.

    A run with the same seed draws the same again, two workers, two ranks and
    two epochs do not. Keep one as an attribute of the data set or transform;
    copies into other processes are seeded there.
    """

    def __init__(self) -> None:
        self._owner: Optional[Tuple[int, Optional[int]]] = None
        self._generator = random.Random(0)

    @property
    def generator(self) -> random.Random:
        """The generator of this process; ask for it in every call."""
        worker = get_worker_info()
        owner = os.getpid(), None if worker is None else worker.seed
        if owner != self._owner:
            drawn = torch.empty(
                (), dtype=torch.int64, device='cpu').random_().item()
            number = None if worker is None else (worker.id, worker.seed)
            self._generator = random.Random(f'{drawn} {get_rank()} {number}')
            self._owner = owner
        return self._generator
