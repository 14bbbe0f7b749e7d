"""Baryon's Gluon and MXNet 1.9.1 read each other's networks. Run by hand, with a Python that has MXNet 1.9.1:

    bazel build //tests/mxnet:round_trip
    python tests/mxnet/round_trip.py bazel-bin/tests/mxnet/round_trip [ZOO_NAME...]

For each network Baryon exports it and saves its parameters, MXNet loads both and has to give the same answer, for other
batch sizes too; then MXNet makes the same network, and Baryon loads what that exports and saves. Prints a table of
errors, each as a part of the largest value; fails when one is above 1e-5 (1e-4 for networks of the zoo).
"""
import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile

import mxnet as mx
import numpy as np
from mxnet import gluon
from mxnet.gluon import nn, rnn
from mxnet.gluon.contrib.nn import HybridConcurrent, Identity, PixelShuffle1D, PixelShuffle2D, PixelShuffle3D

TOLERANCE = 1e-5
ZOO_TOLERANCE = 1e-4  # up to 150 layers, and fast numerics


class Mlp(nn.HybridBlock):
    def __init__(self):
        super().__init__()
        self.dense1 = nn.Dense(16, activation="relu")
        self.dense2 = nn.Dense(8, activation="tanh")
        self.dense3 = nn.Dense(2, use_bias=False)

    def hybrid_forward(self, F, x):
        return self.dense3(self.dense2(self.dense1(x)))


class Residual(nn.HybridBlock):
    def __init__(self):
        super().__init__()
        with self.name_scope():
            self.scale = self.params.get("scale", shape=(1, 6))
            self.body = nn.HybridSequential(prefix="body_")
            self.body.add(nn.Dense(6, flatten=False), nn.Dropout(0.5), nn.Activation("sigmoid"))

    def hybrid_forward(self, F, x, scale):
        y = self.body(x) + x
        return F.Activation(F.broadcast_mul(y, scale) - 0.125, act_type="relu") / 2


def flatten():
    net = nn.HybridSequential()
    net.add(nn.Flatten(), nn.Dense(4), nn.Dropout(0.25), nn.Activation("softsign"))
    return net


def branches():
    net = HybridConcurrent(axis=1, prefix="")
    net.add(Identity(), nn.Conv2D(4, (1, 3), strides=(1, 1), padding=(0, 1), groups=2),
            nn.AvgPool2D(3, 1, 1, count_include_pad=False))
    return net


def pictures():
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, 2, 1, use_bias=False), nn.BatchNorm(), nn.Activation("relu"), nn.MaxPool2D(3, 2, ceil_mode=True),
            branches(), nn.BatchNorm(epsilon=1e-3, center=False, scale=False), nn.AvgPool2D(padding=1),
            nn.Conv2D(3, 2, dilation=2, activation="sigmoid"), nn.GlobalAvgPool2D(), nn.Flatten(), nn.Dense(2))
    return net


def sequences():
    net = nn.HybridSequential()
    net.add(nn.Conv1D(6, 3, 2, 1, activation="relu"), nn.MaxPool1D(), nn.BatchNorm(use_global_stats=True),
            nn.AvgPool1D(3, 1, 1), nn.GlobalMaxPool1D())
    return net


def volumes():
    net = nn.HybridSequential()
    net.add(nn.Conv3D(3, (1, 2, 3), padding=1), nn.MaxPool3D(), nn.Conv3D(2, 2, padding=1), nn.AvgPool3D(),
            nn.GlobalAvgPool3D())
    return net


def of_the_zoo(name):
    return lambda: gluon.model_zoo.vision.get_model(name, classes=10)


class StatefulLstm(nn.HybridBlock):
    def __init__(self):
        super().__init__()
        with self.name_scope():
            self.lstm = rnn.LSTM(5, num_layers=2, bidirectional=True)

    def hybrid_forward(self, F, x, h, c):
        output, states = self.lstm(x, [h, c])
        return [output] + states


class Unrolled(nn.HybridBlock):
    def __init__(self):
        super().__init__()
        with self.name_scope():
            self.cells = rnn.HybridSequentialRNNCell()
            with self.cells.name_scope():
                for cell in (rnn.LSTMCell(4), rnn.GRUCell(3), rnn.RNNCell(2)):
                    self.cells.add(cell)

    def hybrid_forward(self, F, x):
        return self.cells.unroll(3, x, merge_outputs=True)[0]


class UnrolledBoth(nn.HybridBlock):
    def __init__(self):
        super().__init__()
        with self.name_scope():
            self.cells = rnn.HybridSequentialRNNCell()
            with self.cells.name_scope():
                self.cells.add(rnn.BidirectionalCell(rnn.LSTMCell(4), rnn.GRUCell(3)))
                self.cells.add(rnn.DropoutCell(0.5))
                self.cells.add(rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2)))

    def hybrid_forward(self, F, x):
        return self.cells.unroll(3, x, merge_outputs=True)[0]


def chain(*make):
    def make_all():
        net = nn.HybridSequential()
        net.add(*[block() for block in make])
        return net
    return make_all


NETWORKS = {"dense": lambda: nn.Dense(5, activation="relu"), "mlp": Mlp, "residual": Residual, "flatten": flatten,
            "pictures": pictures, "sequences": sequences, "volumes": volumes}
ZOO = sys.argv[2:] or ["squeezenet1.1", "mobilenetv2_0.25", "resnet18_v2"]
NETWORKS.update({name: of_the_zoo(name) for name in ZOO})
NETWORKS.update({
    "norms": chain(nn.LayerNorm, lambda: nn.LayerNorm(axis=1, epsilon=0.1), nn.InstanceNorm,
                   lambda: nn.InstanceNorm(axis=2, scale=True), lambda: nn.GroupNorm(num_groups=2)),
    "embedding": chain(lambda: nn.Embedding(10, 6), lambda: nn.Dense(4, flatten=False)),
    "rectifiers": chain(lambda: nn.LeakyReLU(0.1), nn.PReLU, lambda: nn.PReLU(in_channels=4), lambda: nn.ELU(0.5),
                        nn.SELU, nn.GELU, nn.Swish, lambda: nn.Swish(2), lambda: nn.HybridLambda("tanh")),
    "transposed1": chain(lambda: nn.Conv1DTranspose(3, 2, 2, 1, 1)),
    "transposed2": chain(lambda: nn.Conv2DTranspose(6, 3, (2, 1), 1, (1, 0), groups=2, in_channels=4),
                         lambda: nn.Conv2DTranspose(3, 2, dilation=2, activation="tanh", use_bias=False)),
    "transposed3": chain(lambda: nn.Conv3DTranspose(2, (1, 2, 3), 2)),
    "pad": chain(lambda: nn.ReflectionPad2D(2)),
    "shuffle1": chain(lambda: PixelShuffle1D(3)),
    "shuffle2": chain(lambda: PixelShuffle2D((2, 3))),
    "shuffle3": chain(lambda: PixelShuffle3D((2, 1, 3))),
    "rnn": chain(lambda: rnn.RNN(4), lambda: rnn.RNN(3, activation="tanh", bidirectional=True)),
    "lstm": chain(lambda: rnn.LSTM(4, num_layers=2, layout="NTC", dropout=0.5, bidirectional=True),
                  lambda: nn.Dense(3)),
    "gru": chain(lambda: rnn.GRU(4, num_layers=2, layout="NTC")),
    "states": StatefulLstm,
    "unrolled": Unrolled,
    "unrolled_both": UnrolledBoth,
})
TIME_FIRST = {"rnn", "states"}  # rows of their inputs are no batch


def make(name):
    with mx.name.NameManager():
        return NETWORKS[name]()


def answers(net, inputs):
    outputs = net(*[mx.nd.array(x) for x in inputs])
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [y.asnumpy() for y in outputs]


def error(got, want):
    if [y.shape for y in got] != [y.shape for y in want]:
        return np.inf
    return max(float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30)) for a, b in zip(got, want))


def as_in_version_2(text):
    """What MXNet 2 prints for the same block: it shows a size that is not known as -1, recurrent layers apart, and the
    two sizes of a transposed convolution the right way round."""
    text = re.sub(r"Transpose\((\S+) -> (\S+),", r"Transpose(\2 -> \1,", text).replace("Transpose(0 ->", "Transpose(-1 ->")
    text = re.sub(r"(?<!RNN\()(?<!LSTM\()(?<!GRU\()(?<!Cell\()None ->", "-1 ->", text)
    text = re.sub(r"in_channels=(None|0)", "in_channels=-1", text)
    return text.replace("HybridConcurrent", "HybridConcatenate")


def printed_summary(net, inputs):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        net.summary(*[mx.nd.array(x) for x in inputs])
    return text.getvalue()


def numbered(arrays, prefix):
    return [arrays[key] for key in sorted(arrays, key=lambda k: (len(k), k)) if key.startswith(prefix)]


def one_more(x, axis):
    """With the first row of the batch again at its end."""
    return np.concatenate([x, x.take([0], axis)], axis)


def check(folder, name, report):
    """What Baryon wrote, read by MXNet; then the other way round, as far as this side goes."""
    path = os.path.join(folder, name)
    arrays = dict(np.load(path + "/ours.npz"))
    inputs, outputs = numbered(arrays, "data"), numbered(arrays, "output")
    input_names = ["data"] if len(inputs) == 1 else ["data%d" % i for i in range(len(inputs))]
    block = gluon.SymbolBlock.imports(path + "/ours-symbol.json", input_names, path + "/ours-0000.params")
    report(name, "Export -> MXNet", error(answers(block, inputs), outputs))
    if name not in NETWORKS:
        return
    axis = 1 if name in TIME_FIRST else 0
    rows = answers(block, [one_more(x, axis) for x in inputs])
    report(name, "Export -> MXNet, another batch", error(rows, [one_more(y, axis) for y in outputs]))
    net = make(name)
    printed = open(path + "/ours.txt").read()
    report(name, "printed text", 0.0 if printed == as_in_version_2(repr(net)) else np.inf)
    net.load_parameters(path + "/ours.params")
    report(name, "SaveParameters -> MXNet", error(answers(net, inputs), outputs))
    if len(inputs) == 1:
        summary = open(path + "/ours-summary.txt").read()
        report(name, "summary", 0.0 if summary == printed_summary(net, inputs) else np.inf)
    net.hybridize()
    answers(net, inputs)
    net.export(path + "/renamed")
    names = [set(mx.nd.load(path + end)) for end in ("/renamed-0000.params", "/ours-0000.params")]
    report(name, "names of parameters", 0.0 if names[0] == names[1] else np.inf)
    symbols = [mx.sym.load(path + end).get_internals().list_outputs() for end in ("/renamed-symbol.json", "/ours-symbol.json")]
    report(name, "names of nodes", 0.0 if symbols[0] == symbols[1] else np.inf)

    net = make(name)
    net.initialize(mx.init.Xavier())
    answers(net, inputs)
    for key, parameter in net.collect_params().items() if name not in ZOO else ():
        low = 0.5 if key.endswith("running_var") else -0.7
        parameter.set_data(mx.nd.random.uniform(low, low + 1.4, parameter.shape))
    theirs = answers(net, inputs)
    net.save_parameters(path + "/theirs.params")
    net.hybridize()
    answers(net, inputs)
    net.export(path + "/theirs")
    np.savez(path + "/theirs.npz", **dict(zip(input_names, inputs)), **{"output%d" % i: y for i, y in enumerate(theirs)})


def main(program):
    failures = []

    def report(name, what, value):
        bad = not value <= (ZOO_TOLERANCE if name in ZOO else TOLERANCE)
        failures.extend([name] * bad)
        print("%-17s %-36s %.1e%s" % (name, what, value, "  DISAGREES" if bad else ""), flush=True)

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "write", folder] + ZOO, check=True)
        for name in sorted(os.listdir(folder)):
            check(folder, name, report)
        read = subprocess.run([program, "read", folder] + ZOO)
    return 1 if failures or read.returncode else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
