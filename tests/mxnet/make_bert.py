"""Writes BERT-base as GluonNLP exports it, and the same network as ONNX, to time Baryon beside other engines. Run by hand,
with a Python that has mxnet 1.9.1, gluonnlp 0.10 and onnx:

    python tests/mxnet/make_bert.py FOLDER [--layers 12] [--units 768] [--heads 12] [--length 128] [--valid-length]
    baryon bench FOLDER --shape data0=1,128 --shape data1=1,128 --threads 1,2

FOLDER then holds model-symbol.json, model-0000.params and model.onnx (opset 13, as PyTorch writes BERT, with a mask, so
that the fusions of other engines find what they know), the inputs of the first as data0, data1, data2.npy (word and
segment numbers [1, length]; the valid length [1], where it was asked for) and MXNet's answers in answer.npz.
Parameters are random but from a fixed seed, and scaled so that activations stay near 1.
"""
import argparse
import os

import gluonnlp
import mxnet as mx
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

VOCABULARY, SEGMENTS, MAX_LENGTH = 30522, 2, 512


def make_gluon(args):
    encoder = gluonnlp.model.BERTEncoder(num_layers=args.layers, units=args.units, hidden_size=4 * args.units,
                                         max_length=MAX_LENGTH, num_heads=args.heads, dropout=0.1)
    net = gluonnlp.model.BERTModel(encoder, vocab_size=VOCABULARY, token_type_vocab_size=SEGMENTS, units=args.units,
                                   embed_size=args.units, use_decoder=False, use_classifier=False)
    net.initialize()
    net.hybridize(static_alloc=True)
    inputs = [mx.nd.array(x) for x in make_inputs(args)]
    net(*inputs)
    random = np.random.RandomState(1)
    for name, parameter in net.collect_params().items():
        scale = 0.1 if name.endswith("_weight") else 0.05
        values = random.standard_normal(parameter.shape).astype(np.float32) * scale
        if name.endswith("_gamma"):
            values += 1
        elif name.endswith("_weight") and "embed" not in name and "position" not in name:
            values *= 0.4  # of layers
        parameter.set_data(mx.nd.array(values))
    outputs = net(*inputs)
    net.export(os.path.join(args.folder, "model"))
    return {name: parameter.data().asnumpy() for name, parameter in net.collect_params().items()}, outputs


def make_inputs(args):
    random = np.random.RandomState(2)
    inputs = [random.randint(0, count, (1, args.length)).astype(np.float32) for count in (VOCABULARY, SEGMENTS)]
    return inputs + [np.array([args.length], np.float32)] * args.valid_length


class OnnxGraph:
    """Nodes and constants, each named by its number."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, values):
        self.constants.append(numpy_helper.from_array(np.array(values, order="C"), f"c{len(self.constants)}"))
        return self.constants[-1].name

    def __call__(self, op, *inputs, output=None, **attributes):
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, names, [output], name=f"n{len(self.nodes)}", **attributes))
        return output

    def dense(self, x, weight, bias):
        return self("Add", self("MatMul", x, weight.T), bias)

    def layer_norm(self, x, gamma, beta):
        centred = self("Sub", x, self("ReduceMean", x, axes=[-1]))
        variance = self("ReduceMean", self("Pow", centred, np.float32(2)), axes=[-1])
        deviation = self("Sqrt", self("Add", variance, np.float32(1e-12)))
        return self("Add", self("Mul", self("Div", centred, deviation), gamma), beta)

    def gelu(self, x):
        erf = self("Erf", self("Div", x, np.float32(np.sqrt(2))))
        return self("Mul", self("Mul", x, self("Add", erf, np.float32(1))), np.float32(0.5))


def write_onnx(args, parameters):
    g = OnnxGraph()
    encoder = next(name for name in parameters if name.endswith("position_weight"))[:-len("position_weight")]
    model = next(name for name in parameters if name.endswith("pooler_weight"))[:-len("pooler_weight")]
    size = args.units // args.heads

    def value(name):
        return parameters[encoder + name]

    def norm(x, prefix):
        return g.layer_norm(x, value(prefix + "gamma"), value(prefix + "beta"))

    def heads(x, attention, part, order):
        y = g.dense(x, value(f"{attention}{part}_weight"), value(f"{attention}{part}_bias"))
        y = g("Reshape", y, np.array([0, 0, args.heads, size], np.int64))
        return g("Transpose", y, perm=order)

    mask = g("Unsqueeze", g("Unsqueeze", "attention_mask", np.array([1], np.int64)), np.array([2], np.int64))
    mask = g("Mul", g("Sub", np.float32(1), g("Cast", mask, to=TensorProto.FLOAT)), np.float32(-10000))
    words = g("Gather", parameters[model + "word_embed_embedding0_weight"], "input_ids")
    segments = g("Gather", parameters[model + "token_type_embed_embedding0_weight"], "token_type_ids")
    x = g("Add", g("Add", words, segments), value("position_weight")[None, :args.length])
    x = norm(x, "layernorm0_")
    for layer in range(args.layers):
        cell = f"transformer{layer}_"
        attention = cell + "dotproductselfattentioncell0_"
        q = heads(x, attention, "query", [0, 2, 1, 3])
        k = heads(x, attention, "key", [0, 2, 3, 1])
        v = heads(x, attention, "value", [0, 2, 1, 3])
        scores = g("Div", g("MatMul", q, k), np.float32(np.sqrt(size)))
        y = g("MatMul", g("Softmax", g("Add", scores, mask), axis=-1), v)
        y = g("Reshape", g("Transpose", y, perm=[0, 2, 1, 3]), np.array([0, 0, args.units], np.int64))
        y = g.dense(y, value(cell + "proj_weight"), value(cell + "proj_bias"))
        x = norm(g("Add", y, x), cell + "layernorm0_")
        ffn = cell + "positionwiseffn0_"
        y = g.gelu(g.dense(x, value(ffn + "ffn_1_weight"), value(ffn + "ffn_1_bias")))
        y = g.dense(y, value(ffn + "ffn_2_weight"), value(ffn + "ffn_2_bias"))
        x = norm(g("Add", y, x), ffn + "layernorm0_")
    g("Identity", x, output="last_hidden_state")
    first = g("Gather", x, np.int64(0), axis=1)
    weight, bias = parameters[model + "pooler_weight"], parameters[model + "pooler_bias"]
    g("Tanh", g("Gemm", first, weight, bias, transB=1), output="pooled")

    def info(name, dtype, *shape):
        return helper.make_tensor_value_info(name, dtype, ["batch", *shape])

    graph = helper.make_graph(
        g.nodes, "bert", [info(n, TensorProto.INT64, args.length) for n in ("input_ids", "attention_mask", "token_type_ids")],
        [info("last_hidden_state", TensorProto.FLOAT, args.length, args.units), info("pooled", TensorProto.FLOAT, args.units)],
        initializer=g.constants)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    onnx.checker.check_model(proto)
    onnx.save(proto, os.path.join(args.folder, "model.onnx"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--units", type=int, default=768)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--valid-length", action="store_true", help="a third input of the MXNet export")
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    parameters, outputs = make_gluon(args)
    write_onnx(args, parameters)
    for i, x in enumerate(make_inputs(args)):
        np.save(os.path.join(args.folder, f"data{i}.npy"), x)
    np.savez(os.path.join(args.folder, "answer.npz"), *[y.asnumpy() for y in outputs])


if __name__ == "__main__":
    main()
