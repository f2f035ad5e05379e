"""mmextra: five detection papers as components for mmdet and mmrotate.

Importing this package makes the host libraries work on current Python and
PyTorch (:mod:`mmextra.compat`) and registers every component in the hosts'
own registries. In a config one line does it::

    custom_imports = dict(imports=['mmextra'], allow_failed_imports=False)
"""
from .compat import (
    check_stack,
    complete_ssd_head,
    hold_picture_frame,
    import_mmrotate,
    know_growing_metrics,
    quiet_host_warnings,
    serve_configs,
    trust_own_checkpoints,
)
from .version import __version__

quiet_host_warnings()
check_stack()
import_mmrotate()
serve_configs()
trust_own_checkpoints()
hold_picture_frame()
complete_ssd_head()
know_growing_metrics()

# The components need the hosts in working order first.
from . import (  # noqa: E402
    datasets,
    engine,
    evaluation,
    models,
    visualization,
)

__all__ = [
    '__version__', 'datasets', 'engine', 'evaluation', 'models',
    'visualization'
]
