"""The metrics of a config's test set, by PyTorch and by the graph."""
from typing import Any, Dict

import torch
from mmdet.registry import HOOKS
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.structures import InstanceData


def as_instances(found: Any) -> InstanceData:
    """The runner's boxes as instances of mmdet."""
    result = InstanceData(
        bboxes=torch.from_numpy(found.boxes),
        scores=torch.from_numpy(found.scores),
        labels=torch.from_numpy(found.labels))
    if found.masks is not None:
        result.masks = torch.from_numpy(found.masks)
    return result


def _detect(runner: Any, sample: Any) -> None:
    sample.pred_instances = as_instances(runner(sample.img_path))


def _classify(runner: Any, sample: Any) -> None:
    found = runner(sample.img_path)
    sample.pred_instances = as_instances(found.rois)
    sample.pred_img_logits = torch.from_numpy(found.logits)
    sample.pred_img_scores = torch.from_numpy(found.scores)
    sample.pred_img_label = torch.tensor([found.label])
    sample.set_metainfo(dict(num_valid_rois=len(found.rois)))


def _stream(runner: Any, track: Any) -> None:
    for sample in track:
        if sample.frame_id == 0:
            runner.reset()
        found = runner.step(sample.img_path)
        sample.pred_instances = as_instances(found)
        sample.set_metainfo({key: found.info[key] for key in (
            'is_forecast', 'forecast_conf')})


PREDICTORS = dict(detect=_detect, classify=_classify, stream=_stream,
                  few_shot=_detect)


def show_supports(model: Any, runner: Any, cfg: Config,
                  dataset: Any) -> None:
    """Show both the classes of the test set, as its hook says."""
    from .few_shot_graphs import saved_bank
    hooks = [hook for hook in cfg.get('custom_hooks', ())
             if hook['type'] == 'SupportInitHook']
    HOOKS.build(hooks[0]).show(model, dataset)
    model.dataset_meta = dataset.metainfo
    runner.bank = saved_bank(model)


def verify_ap(model: Any, runner: Any, cfg: Config
              ) -> Dict[str, Dict[str, float]]:
    """Test both on the config's test set.

    One image at a time, whatever the config's batch is: in a batch PyTorch
    pads to the largest image, and padding changes what is found near it.

    Args:
        model (nn.Module): As :func:`~.exporter.load_model` returns it.
        runner (Any): As :func:`mmextra_runtime.load` returns it.
        cfg (Config): With ``test_dataloader`` and ``test_evaluator``.

    Returns:
        dict: ``torch`` and ``graph``, each all metrics by name, and
        ``largest_difference``.
    """
    predict = PREDICTORS[runner.task]
    with DefaultScope.overwrite_default_scope(
            cfg.get('default_scope', 'mmdet')), torch.no_grad():
        loader = Runner.build_dataloader(
            dict(cfg.test_dataloader, batch_size=1))
        meta = getattr(loader.dataset, 'metainfo', None)
        if runner.task == 'few_shot':
            show_supports(model, runner, cfg, loader.dataset)
        scores = {}
        for name in ('torch', 'graph'):
            evaluator = Evaluator(cfg.test_evaluator)
            evaluator.dataset_meta = meta
            for data in loader:
                if name == 'torch':
                    samples = model.test_step(data)
                else:
                    samples = data['data_samples']
                    for sample in samples:
                        predict(runner, sample)
                evaluator.process(data_samples=samples, data_batch=data)
            scores[name] = evaluator.evaluate(len(loader.dataset))
    largest = max((abs(value - scores['graph'][key])
                   for key, value in scores['torch'].items()
                   if isinstance(value, (int, float))
                   and value == value), default=0.)
    return dict(scores, largest_difference=largest)
