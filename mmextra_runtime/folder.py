"""The folder of an exported model: ``meta.json`` and its graphs."""
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

import numpy as np
import onnxruntime

from .meta import META, read_meta

# Name on the command line: name of the execution provider, its package.
PROVIDERS = dict(
    cpu=('CPUExecutionProvider', 'onnxruntime'),
    cuda=('CUDAExecutionProvider', 'onnxruntime-gpu'),
    openvino=('OpenVINOExecutionProvider', 'onnxruntime-openvino'))


class Graph:
    """One ONNX graph, ready to run.

    Args:
        path (Path): The file.
        facts (Mapping): What ``meta.json`` says of it: ``inputs``,
            ``outputs`` and ``opset``.
        provider (str): A key of ``PROVIDERS``.
        threads (int, optional): Threads of one operator.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If it is no graph, not the one that ``meta.json``
            describes, or one that the runtime does not know how to run.
    """

    def __init__(self, path: Path, facts: Mapping[str, Any],
                 provider: str = 'cpu',
                 threads: Optional[int] = None) -> None:
        if not path.is_file():
            raise FileNotFoundError(
                f'{path} is missing, which {META} beside it names; export '
                'the model anew')
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is not None:
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
        try:
            self.session = onnxruntime.InferenceSession(
                str(path), options, providers=[PROVIDERS[provider][0]])
        # onnxruntime's own errors have no common class.
        except Exception as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(
                f'onnxruntime {onnxruntime.__version__} cannot load {path}, '
                f'which was exported with opset {facts.get("opset")}: '
                f'{reason}; install a newer onnxruntime or export with '
                'another --opset') from error
        self.inputs = [each.name for each in self.session.get_inputs()]
        self.outputs = [each.name for each in self.session.get_outputs()]
        self.shapes = {each.name: tuple(each.shape)
                       for each in self.session.get_inputs()}
        for what, own in (('inputs', self.inputs),
                          ('outputs', self.outputs)):
            if own != list(facts.get(what, ())):
                raise ValueError(
                    f'{path} is not the graph that {META} describes: it has '
                    f'the {what} {own}, not {list(facts.get(what, ()))}; '
                    'keep the files of one export together')

    def __call__(self, **inputs: np.ndarray) -> Dict[str, np.ndarray]:
        """Outputs by name; inputs that the graph has not are left out."""
        given = {name: inputs[name] for name in self.inputs}
        return dict(zip(self.outputs, self.session.run(None, given)))

    def fixed_size(self, name: str = 'image') -> Optional[Sequence[int]]:
        """Height and width of an input, if they are fixed."""
        size = self.shapes[name][-2:]
        return size if all(isinstance(side, int) for side in size) else None


class ExportedFolder:
    """What ``tools/export.py`` wrote.

    Args:
        path (str or Path): The folder.
        provider (str): ``'cpu'``, ``'cuda'`` or ``'openvino'``; the latter
            two need another package in place of onnxruntime.
        threads (int, optional): Threads of one operator; by default
            onnxruntime's choice.

    Attributes:
        meta (dict): The content of ``meta.json``; data, nothing of it is
            ever executed.
        graphs (dict[str, Graph]): The graphs by name.

    Raises:
        FileNotFoundError: If the folder or one of its files is missing.
        ValueError: If a file is not what an export writes, or the provider
            is unknown or not installed.
    """

    def __init__(self, path: Union[str, Path], provider: str = 'cpu',
                 threads: Optional[int] = None) -> None:
        self.path = Path(path)
        self.meta = read_meta(self.path)
        check_provider(provider)
        self.graphs = {
            name: Graph(self.path / facts['file'], facts, provider, threads)
            for name, facts in self.meta['graphs'].items()
        }

    @property
    def classes(self) -> List[str]:
        """Names of the classes by label."""
        return self.meta['classes']


def check_provider(provider: str) -> None:
    """Refuse a provider that is not there.

    Args:
        provider (str): A key of ``PROVIDERS``.

    Raises:
        ValueError: If it is unknown or not installed.
    """
    if provider not in PROVIDERS:
        raise ValueError(f'provider must be one of {sorted(PROVIDERS)}, got '
                         f'{provider!r}')
    name, package = PROVIDERS[provider]
    if name not in onnxruntime.get_available_providers():
        raise ValueError(
            f'this onnxruntime has no {name}; install {package} in its '
            'place, or take another provider')
