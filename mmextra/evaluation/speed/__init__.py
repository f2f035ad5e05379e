from .costs import model_costs
from .memory import peak_memory
from .random_batch import random_batch
from .timed_model import TimedModel, race
from .turns import take_turns, time_call

__all__ = [
    'TimedModel', 'model_costs', 'peak_memory', 'race', 'random_batch',
    'take_turns', 'time_call'
]
