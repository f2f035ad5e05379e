"""Exporting a trained model into a folder for ``mmextra_runtime``."""
import json
import platform
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

import mmdet
import mmengine
import torch
from mmengine.config import Config
from mmengine.runner import CheckpointLoader, load_state_dict

import mmextra
from mmextra.utils import host_registries
from mmextra.utils.untrained_model import build_untrained, load_config
from mmextra_runtime.meta import FORMAT, META

from .onnx_file import check_opset, write_graph
from .plan import ExportError, ExportPlan, Options
from .planning import plan_export

REPORT = 'report.json'


def load_model(config: Union[str, Path, Config],
               checkpoint: Optional[str] = None
               ) -> Tuple[Any, Config]:
    """A model with its weights, in evaluation mode on the CPU.

    Args:
        config (str, Path or Config): The config.
        checkpoint (str, optional): The weights; random ones without.

    Returns:
        tuple[nn.Module, Config]: The model, with ``cfg`` and
        ``dataset_meta`` as ``init_detector`` sets them, and its config.

    Raises:
        FileNotFoundError: If a file is missing.
        ExportError: If the checkpoint does not fit the config.
    """
    cfg = config if isinstance(config, Config) else load_config(str(config))
    model: Any = build_untrained(cfg)
    meta: Dict[str, Any] = {}
    if checkpoint is None:
        model.init_weights()
    else:
        if '://' not in str(checkpoint) and not Path(checkpoint).is_file():
            raise FileNotFoundError(f'there is no checkpoint {checkpoint}')
        saved = CheckpointLoader.load_checkpoint(str(checkpoint), 'cpu')
        state = saved.get('state_dict', saved)
        try:
            load_state_dict(model, state, strict=True)
        except RuntimeError as error:
            raise ExportError(
                f'{checkpoint} does not fit the config: '
                f'{str(error).splitlines()[0]}') from error
        meta = saved.get('meta') or {}
        if 'support_bank' in saved and hasattr(model, 'support_bank'):
            model.support_bank = saved['support_bank']
    model.eval()
    model.cfg = cfg
    model.dataset_meta = meta.get('dataset_meta') or dict(
        classes=config_classes(cfg))
    return model, cfg


def config_classes(cfg: Config) -> Tuple[str, ...]:
    """Names of the classes that the config's test set has.

    Args:
        cfg (Config): With a ``test_dataloader``.

    Returns:
        tuple[str]: The names; empty if nothing tells them.
    """
    dataset = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    classes = (dataset.get('metainfo') or {}).get('classes')
    if classes is None and 'type' in dataset:
        name = str(dataset['type']).split('.')[-1]
        kind = next((found for found in (
            datasets.get(name) for datasets in host_registries('DATASETS'))
            if found is not None), None)
        classes = (getattr(kind, 'METAINFO', None) or {}).get('classes')
        if name.startswith('HRSC') and not dataset.get('classwise'):
            # mmrotate makes one class of the 31 when it loads the images.
            classes = ('ship', )
    return (classes, ) if isinstance(classes, str) else tuple(classes or ())


def export_model(config: Union[str, Path, Config],
                 checkpoint: Optional[str],
                 out: Union[str, Path],
                 options: Optional[Options] = None) -> Dict[str, Any]:
    """Write the graphs and ``meta.json`` of a model.

    Args:
        config (str, Path or Config): The config.
        checkpoint (str, optional): The weights; random ones without.
        out (str or Path): The folder; made if it is missing.
        options (Options, optional): See :class:`~.plan.Options`.

    Returns:
        dict: The report, which is also written to ``report.json``.

    Raises:
        FileNotFoundError: If a file is missing.
        ExportError: If the model or an option cannot be exported.
    """
    options = options or Options()
    check_opset(options.opset)
    model, cfg = load_model(config, checkpoint)
    return export_built(model, cfg, out, options, checkpoint)


def export_built(model: Any, cfg: Config, out: Union[str, Path],
                 options: Optional[Options] = None,
                 checkpoint: Optional[str] = None) -> Dict[str, Any]:
    """As :func:`export_model`, of a model in evaluation mode."""
    options = options or Options()
    plan = plan_export(model, cfg, options)
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise ExportError(f'{out} is a file; give a folder')
    out.mkdir(parents=True, exist_ok=True)
    # Half an export must not look like one.
    (out / META).unlink(missing_ok=True)
    graphs = {
        graph.name: write_graph(graph, out / f'{graph.name}.onnx', options)
        for graph in plan.graphs
    }
    if plan.bank is not None:
        plan.bank.save(out / plan.extra['few_shot']['bank'])
    meta = dict(
        format=FORMAT, task=plan.task, classes=list(classes_of(model)),
        graphs=graphs, preprocess=plan.preprocess, box=plan.box,
        test=plan.test, config=config_facts(model, cfg, options, checkpoint),
        **plan.extra)
    (out / META).write_text(json.dumps(meta, indent=1), encoding='utf-8')
    report = make_report(plan, out, meta)
    write_report(out, report)
    return report


def classes_of(model: Any) -> List[str]:
    """Names of a model's classes."""
    return [str(name) for name in
            (getattr(model, 'dataset_meta', None) or {}).get('classes', ())]


def config_facts(model: Any, cfg: Config, options: Options,
                 checkpoint: Optional[str]) -> Dict[str, Any]:
    """What was exported, for people; the runner needs none of it."""
    return dict(
        name=Path(cfg.filename).name if cfg.filename else None,
        model=type(model).__name__,
        checkpoint=Path(checkpoint).name if checkpoint else None,
        parameters=sum(p.numel() for p in model.parameters()),
        fp16=options.fp16, dynamic=options.dynamic,
        versions=dict(mmextra=mmextra.__version__, mmdet=mmdet.__version__,
                      mmengine=mmengine.__version__,
                      torch=torch.__version__,
                      python=platform.python_version()))


def make_report(plan: ExportPlan, out: Path,
                meta: Dict[str, Any]) -> Dict[str, Any]:
    """Sizes and inputs of what was written."""
    graphs = {}
    for graph in plan.graphs:
        facts = meta['graphs'][graph.name]
        graphs[graph.name] = dict(
            file=facts['file'],
            megabytes=round((out / facts['file']).stat().st_size / 1e6, 2),
            opset=facts['opset'],
            inputs={
                name: [graph.dynamic.get(name, {}).get(i, side)
                       for i, side in enumerate(value.shape)]
                for name, value in graph.inputs.items()
            },
            outputs=facts['outputs'])
    return dict(folder=str(out), task=plan.task, graphs=graphs,
                nms=plan.test['nms'], config=meta['config'])


def write_report(out: Union[str, Path], report: Dict[str, Any]) -> None:
    """Write ``report.json``."""
    (Path(out) / REPORT).write_text(
        json.dumps(report, indent=1), encoding='utf-8')
