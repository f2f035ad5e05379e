"""Which family a model is exported as."""
from typing import Any, Callable, Tuple

from mmdet.models.detectors import SingleStageDetector, TwoStageDetector
from mmengine.config import Config

from mmextra.models.detectors import (
    COVIDCTMaskNet,
    FeatureForecastDetector,
    QuerySupportDetector,
)

from .families import plan_classifier, plan_dense, plan_two_stage
from .few_shot_graphs import plan_few_shot
from .plan import ExportError, ExportPlan, Options
from .preprocess import image_spec, test_pipeline
from .stream_graphs import plan_stream

# The first that fits; what is special comes before what is general.
FAMILIES: Tuple[Tuple[type, Callable[..., ExportPlan]], ...] = (
    (FeatureForecastDetector, plan_stream),
    (QuerySupportDetector, plan_few_shot),
    (COVIDCTMaskNet, plan_classifier),
    (SingleStageDetector, plan_dense),
    (TwoStageDetector, plan_two_stage),
)


def plan_export(model: Any, cfg: Config,
                options: Options) -> ExportPlan:
    """What the export of a model consists of.

    Args:
        model (nn.Module): In evaluation mode.
        cfg (Config): Its config.
        options (Options): What the user asks for.

    Returns:
        ExportPlan: The graphs and what the runner needs to know.

    Raises:
        ExportError: If the model or an option cannot be exported.
    """
    for kind, make in FAMILIES:
        if isinstance(model, kind):
            try:
                spec = image_spec(test_pipeline(cfg),
                                  cfg.model.data_preprocessor)
            except ValueError as error:
                raise ExportError(str(error)) from error
            return make(model, cfg, spec, options)
    raise ExportError(
        f'{type(model).__name__} cannot be exported; there are graphs of '
        'single-stage and two-stage detectors of mmdet and mmrotate and of '
        "mmextra's own")
