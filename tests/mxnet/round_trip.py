"""Baryon's Gluon and MXNet 1.9.1 read each other's networks. Run by hand, with a Python that has MXNet 1.9.1:

    bazel build //tests/mxnet:round_trip
    python tests/mxnet/round_trip.py bazel-bin/tests/mxnet/round_trip

For each network Baryon exports it and saves its parameters, MXNet loads both and has to give the same answer, for other
batch sizes too; then MXNet makes the same network, and Baryon loads what that exports and saves. Prints a table of
errors, each as a part of the largest value; fails when one is above 1e-5.
"""
import os
import subprocess
import sys
import tempfile

import mxnet as mx
import numpy as np
from mxnet import gluon
from mxnet.gluon import nn

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


NETWORKS = {"dense": lambda: nn.Dense(5, activation="relu"), "mlp": Mlp, "residual": Residual, "flatten": flatten}


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
    net.load_parameters(path + "/ours.params")
    report(name, "SaveParameters -> MXNet", error(answers(net, inputs), outputs))
    net.hybridize()
    answers(net, inputs)
    net.export(path + "/renamed")
    names = [set(mx.nd.load(path + end)) for end in ("/renamed-0000.params", "/ours-0000.params")]
    report(name, "names of parameters", 0.0 if names[0] == names[1] else np.inf)
    symbols = [mx.sym.load(path + end).get_internals().list_outputs() for end in ("/renamed-symbol.json", "/ours-symbol.json")]
    report(name, "names of nodes", 0.0 if symbols[0] == symbols[1] else np.inf)

    net = make(name)
    net.initialize(mx.init.Normal(0.5))
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
        print("%-10s %-36s %.1e%s" % (name, what, value, "  DISAGREES" if bad else ""), flush=True)

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "write", folder], check=True)
        for name in sorted(os.listdir(folder)):
            check(folder, name, report)
        read = subprocess.run([program, "read", folder])
    return 1 if failures or read.returncode else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
