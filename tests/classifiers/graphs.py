"""ONNX models made for tests: a few kilobytes that embed, and some that must be refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.prompt_classifier import PRETRAINED, TOKENISER

WIDTH, VOCABULARY = 8, 30_600


def tiny_folder(folder: Path, pooling: str = "mean", content: bytes | None = None) -> Path:
    """A sentence-transformers folder whose model looks each token up and multiplies in int8."""
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(tiny_model() if content is None else content)
    (folder / "tokenizer.json").write_bytes((PRETRAINED / TOKENISER).read_bytes())
    modules = [{"path": "", "type": "sentence_transformers.models.Transformer"}]
    modules.append({"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"})
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode": pooling}))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 32}))
    return folder


def tiny_model(asked: str = "input_ids", operator: str = "Gather", domain: str = "") -> bytes:
    """Tokens [batch, n] to vectors [batch, n, WIDTH], quantised as a real one is: the activations
    of a run share one scale."""
    from onnx import TensorProto, helper, numpy_helper

    draw = np.random.default_rng(0)
    table = draw.normal(size=(VOCABULARY, WIDTH)).astype(np.float32)
    weights = draw.integers(-60, 60, (WIDTH, WIDTH)).astype(np.int8)
    nodes = [
        helper.make_node(operator, ["table", asked], ["rows"], domain=domain),
        helper.make_node("DynamicQuantizeLinear", ["rows"], ["steps", "scale", "zero"]),
        helper.make_node("MatMulInteger", ["steps", "weights", "zero"], ["sums"]),
        helper.make_node("Cast", ["sums"], ["whole"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["whole", "scale"], ["vectors"]),
    ]
    stored: dict[str, NDArray[Any]] = {"table": table, "weights": weights}
    return _model(
        nodes,
        [helper.make_tensor_value_info(asked, TensorProto.INT64, ["batch", "tokens"])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", "tokens", WIDTH])],
        [numpy_helper.from_array(array, name) for name, array in stored.items()],
    )


def pointing_model(location: str) -> bytes:
    """The same with its table in a file of its own."""
    import onnx

    model = onnx.load_from_string(tiny_model())
    table = model.graph.initializer[0]
    table.ClearField("raw_data")
    table.data_location = onnx.TensorProto.EXTERNAL
    table.external_data.add(key="location", value=location)
    content: bytes = model.SerializeToString()
    return content


def summing_model() -> bytes:
    """One number a text instead of one vector a token."""
    from onnx import TensorProto, helper

    nodes = [helper.make_node("ReduceSum", ["input_ids"], ["sum"], keepdims=0)]
    return _model(
        nodes,
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
        [helper.make_tensor_value_info("sum", TensorProto.INT64, [])],
        [],
    )


def _model(nodes: Any, inputs: Any, outputs: Any, stored: Any) -> bytes:
    from onnx import helper

    graph = helper.make_graph(nodes, "tiny", inputs, outputs, stored)
    domains = {node.domain for node in nodes}
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid(domain, 17) for domain in domains], ir_version=9
    )
    content: bytes = model.SerializeToString()
    return content
