"""The same random transform for every frame of a clip."""
import random

import numpy as np
from mmcv.transforms import TransformBroadcaster
from mmdet.registry import TRANSFORMS

from mmextra.utils.worker_random import WorkerRandom


@TRANSFORMS.register_module()
class ClipBroadcaster(TransformBroadcaster):
    """Broadcast transforms to frames with the same random numbers.

    Both global generators, numpy's and Python's, from which the transforms
    of mmcv and mmdet draw, are set to one seed before each frame and back to
    where they were afterwards. Frames must be of one size and the transforms
    must draw independently of the annotations.

    mmcv's ``share_random_params`` does not do: it binds what it shares to
    the class of a transform, so that it breaks down when a class occurs
    twice, in two data sets for example, and for transforms that draw more
    than once.

    Args:
        transforms (list[dict]): The transforms.
        **kwargs: See :class:`mmcv.transforms.TransformBroadcaster`.

    Raises:
        ValueError: If ``share_random_params`` is set.
    """

    def __init__(self, transforms, **kwargs) -> None:
        if kwargs.get('share_random_params'):
            raise ValueError(
                'ClipBroadcaster shares random numbers by itself; leave out '
                'share_random_params')
        super().__init__(transforms, **kwargs)
        self._random = WorkerRandom()
        self._seed = 0

    def transform(self, results: dict) -> dict:
        """Transform every frame alike."""
        self._seed = self._random.generator.randrange(2**32)
        ours, theirs = random.getstate(), np.random.get_state()  # noqa: NPY002
        try:
            return super().transform(results)
        finally:
            random.setstate(ours)
            np.random.set_state(theirs)  # noqa: NPY002

    def _apply_transforms(self, inputs: dict) -> dict:
        random.seed(self._seed)
        np.random.seed(self._seed)  # noqa: NPY002
        return super()._apply_transforms(inputs)
