"""ONNX Runtime, for prediction: the model as its own GRU and LSTM operators, all optimizations."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from protocol import THREADS, Skip, rows, serve, weights


def model(work):
    if work["model"] == "ffnn":
        raise Skip("no recurrent layer to compare")
    embedding, kernel, recurrent, bias, head, head_bias = weights(work)
    units = work["units"]
    if work["model"] == "lstm":
        # Keras has i, f, c, o and ONNX i, o, f, c.
        def ordered(array):
            i, f, c, o = np.split(array, 4, axis=-1)
            return np.concatenate([i, o, f, c], axis=-1)

        kernel, recurrent, bias = ordered(kernel), ordered(recurrent), ordered(bias)
        bias = np.concatenate([bias, np.zeros_like(bias)])
    constants = {
        "embedding": embedding,
        "w": kernel.T[None],
        "r": recurrent.T[None],
        "b": bias.reshape(1, -1),
        "head": head,
        "head_bias": head_bias,
    }
    settings = {"linear_before_reset": 1} if work["model"] == "gru" else {}
    nodes = [
        helper.make_node("Gather", ["embedding", "ids"], ["x"]),
        helper.make_node("Transpose", ["x"], ["steps"], perm=[1, 0, 2]),
        helper.make_node(
            work["model"].upper(), ["steps", "w", "r", "b"], ["", "last"], hidden_size=units, **settings
        ),
        helper.make_node("Squeeze", ["last", "axis"], ["state"]),
        helper.make_node("Gemm", ["state", "head", "head_bias"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["y"]),
    ]
    initializers = [
        numpy_helper.from_array(np.ascontiguousarray(a, dtype=np.float32), name)
        for name, a in constants.items()
    ] + [numpy_helper.from_array(np.array([0], dtype=np.int64), "axis")]
    graph = helper.make_graph(
        nodes,
        "reviews",
        [helper.make_tensor_value_info("ids", TensorProto.INT32, ["n", "t"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])],
        initializers,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    onnx.checker.check_model(made)
    return made.SerializeToString()


def prepare(work):
    if work["kind"] == "train":
        raise Skip("does not train")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(model(work), options, providers=["CPUExecutionProvider"])
    x, _ = rows(work)
    size = 1 if work["kind"] == "single" else work["batch"]
    parts = [np.ascontiguousarray(x[i : i + size], dtype=np.int32) for i in range(0, len(x), size)]

    def run():
        for part in parts:
            session.run(None, {"ids": part})

    return run


serve("all optimizations", {"onnxruntime": onnxruntime.__version__}, prepare)
