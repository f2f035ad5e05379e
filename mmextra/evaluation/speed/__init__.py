from .costs import model_costs
from .memory import peak_memory
from .timed_model import TimedModel, race

__all__ = ['TimedModel', 'model_costs', 'peak_memory', 'race']
