"""Baryon's Gluon and MXNet 1.9.1 read each other's networks. Run by hand, with a Python that has MXNet 1.9.1:

    bazel build //tests/mxnet:round_trip
    python tests/mxnet/round_trip.py bazel-bin/tests/mxnet/round_trip [ZOO_NAME...]

For each network Baryon exports it and saves its parameters, MXNet loads both and has to give the same answer, for other
batch sizes too; then MXNet makes the same network, and Baryon loads what that exports and saves. Prints a table of
errors, each as a part of the largest value; fails when one is above 1e-5.
"""
import contextlib
import io
import os
import subprocess
import sys
import tempfile

import mxnet as mx
import numpy as np
from mxnet import gluon
from mxnet.gluon import nn
from mxnet.gluon.contrib.nn import HybridConcurrent, Identity

TOLERANCE = 1e-5


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


NETWORKS = {"dense": lambda: nn.Dense(5, activation="relu"), "mlp": Mlp, "residual": Residual, "flatten": flatten,
            "pictures": pictures, "sequences": sequences, "volumes": volumes}
ZOO = sys.argv[2:] or ["squeezenet1.1", "mobilenetv2_0.25", "resnet18_v2"]
NETWORKS.update({name: of_the_zoo(name) for name in ZOO})


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
    """What MXNet 2 prints for the same block: the one difference is how it shows a size that is not known."""
    return text.replace("None ->", "-1 ->").replace("in_channels=None", "in_channels=-1").replace("HybridConcurrent", "HybridConcatenate")


def printed_summary(net, inputs):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        net.summary(*[mx.nd.array(x) for x in inputs])
    return text.getvalue()


def numbered(arrays, prefix):
    return [arrays[key] for key in sorted(arrays, key=lambda k: (len(k), k)) if key.startswith(prefix)]


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
    rows = answers(block, [np.concatenate([x, x[:1]]) for x in inputs])
    wanted = [np.concatenate([y, y[:1]]) for y in outputs]
    report(name, "Export -> MXNet, another batch", error(rows, wanted))
    net = make(name)
    printed = open(path + "/ours.txt").read()
    report(name, "printed text", 0.0 if printed == as_in_version_2(repr(net)) else np.inf)
    net.load_parameters(path + "/ours.params")
    report(name, "SaveParameters -> MXNet", error(answers(net, inputs), outputs))
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
    net.initialize(mx.init.Xavier() if name in ZOO else mx.init.Normal(0.5))
    theirs = answers(net, inputs)
    net.save_parameters(path + "/theirs.params")
    net.hybridize()
    answers(net, inputs)
    net.export(path + "/theirs")
    np.savez(path + "/theirs.npz", **dict(zip(input_names, inputs)), **{"output%d" % i: y for i, y in enumerate(theirs)})


def main(program):
    failures = []

    def report(name, what, value):
        bad = not value <= TOLERANCE
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
