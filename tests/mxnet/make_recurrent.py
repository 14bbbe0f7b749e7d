"""Writes LSTM and GRU networks as Gluon exports them, and the same as ONNX, to time Baryon beside other engines. Run by
hand, with a Python that has mxnet 1.9.1 and onnx:

    python tests/mxnet/make_recurrent.py FOLDER
    baryon bench FOLDER/lstm --shape data=1,64,512 --threads 1,2

FOLDER/lstm and FOLDER/gru then hold model-symbol.json, model-0000.params, model.onnx, an input x.npy [1, 64, 512] and
MXNet's answer y.npy. Two layers of 512 units; parameters are random but from a fixed seed.
"""
import os
import sys

import mxnet as mx
import numpy as np
import onnx
from mxnet.gluon import nn, rnn
from onnx import TensorProto, helper, numpy_helper

UNITS, STEPS, LAYERS = 512, 64, 2
CELLS = {"lstm": (rnn.LSTM, "LSTM", [0, 3, 1, 2]), "gru": (rnn.GRU, "GRU", [1, 0, 2])}  # ONNX's order of the gates


def make_gluon(kind, folder):
    net = nn.HybridSequential()
    net.add(CELLS[kind][0](UNITS, num_layers=LAYERS, layout="NTC", input_size=UNITS))
    net.initialize()
    net.hybridize()
    x = mx.nd.array(np.random.RandomState(0).uniform(-1, 1, (1, STEPS, UNITS)))
    net(x)
    random = np.random.RandomState(1)
    for parameter in net.collect_params().values():
        parameter.set_data(mx.nd.array(random.uniform(-0.05, 0.05, parameter.shape)))
    np.save(os.path.join(folder, "x.npy"), x.asnumpy())
    np.save(os.path.join(folder, "y.npy"), net(x).asnumpy())
    net.export(os.path.join(folder, "model"))
    return {name.split("_", 1)[1]: parameter.data().asnumpy() for name, parameter in net.collect_params().items()}


def write_onnx(kind, folder, parameters):
    _, op, order = CELLS[kind]

    def gates(name):
        values = parameters[name]
        return np.concatenate([values.reshape((len(order), UNITS) + values.shape[1:])[gate] for gate in order])

    nodes, constants = [helper.make_node("Transpose", ["data"], ["x0"], perm=[1, 0, 2])], []
    for i in range(LAYERS):
        bias = np.concatenate([gates(f"l{i}_i2h_bias"), gates(f"l{i}_h2h_bias")])
        arrays = {"w": gates(f"l{i}_i2h_weight"), "r": gates(f"l{i}_h2h_weight"), "b": bias}
        constants += [numpy_helper.from_array(values[None], f"{name}{i}") for name, values in arrays.items()]
        constants.append(numpy_helper.from_array(np.array([1], np.int64), f"axis{i}"))
        attributes = {"linear_before_reset": 1} if kind == "gru" else {}
        nodes.append(helper.make_node(op, [f"x{i}", f"w{i}", f"r{i}", f"b{i}"], [f"y{i}"], hidden_size=UNITS, **attributes))
        nodes.append(helper.make_node("Squeeze", [f"y{i}", f"axis{i}"], [f"x{i + 1}"]))
    nodes.append(helper.make_node("Transpose", [f"x{LAYERS}"], ["out"], perm=[1, 0, 2]))
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", STEPS, UNITS]) for name in ("data", "out")]
    graph = helper.make_graph(nodes, kind, info[:1], info[1:], initializer=constants)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=7)
    onnx.checker.check_model(proto)
    onnx.save(proto, os.path.join(folder, "model.onnx"))


def main():
    for kind in CELLS:
        folder = os.path.join(sys.argv[1], kind)
        os.makedirs(folder, exist_ok=True)
        write_onnx(kind, folder, make_gluon(kind, folder))


if __name__ == "__main__":
    main()
