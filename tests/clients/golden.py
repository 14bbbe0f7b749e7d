"""What MXNet said of the demo's digits, and where the server under test listens."""
import array
import ast
import io
import os
import pathlib
import zipfile

GRPC = os.environ.get("BARYON_GRPC", "127.0.0.1:8001")
HTTP = os.environ.get("BARYON_HTTP", "127.0.0.1:8000")
METRICS = os.environ.get("BARYON_METRICS", "127.0.0.1:8002")
# A second server, whose models are loaded by request.
EXPLICIT_GRPC = os.environ.get("BARYON_EXPLICIT_GRPC", "")
EXPLICIT_HTTP = os.environ.get("BARYON_EXPLICIT_HTTP", "")

TOLERANCE = 1e-5
ROOT = pathlib.Path(os.path.abspath(__file__)).parents[2]  # not resolved: under Bazel these are links
PICTURES = ROOT / "deploy/demo/pictures"


def _read_npy(data):
    """The float32 elements of a .npy file and their shape, without NumPy."""
    header_size = int.from_bytes(data[8:10], "little")
    header = ast.literal_eval(data[10:10 + header_size].decode())
    assert header["descr"] == "<f4" and not header["fortran_order"], header
    elements = array.array("f")
    elements.frombytes(data[10 + header_size:])
    return elements, header["shape"]


def _read_npz(name):
    with zipfile.ZipFile(ROOT / "tests/golden/digits.zip") as golden:
        member = next(m for m in golden.namelist() if m.endswith(name))
        with zipfile.ZipFile(io.BytesIO(golden.read(member))) as arrays:
            return _read_npy(arrays.read(arrays.namelist()[0]))


def digits(count):
    """`count` pictures, [count, 1, 8, 8], and their scores, [count, 10], as flat lists."""
    pictures, _ = _read_npz("input.npz")
    scores, _ = _read_npz("output.npz")
    return list(pictures[:count * 64]), list(scores[:count * 10])


def close(got, expected):
    got, expected = list(got), list(expected)
    return len(got) == len(expected) and all(abs(a - b) <= TOLERANCE for a, b in zip(got, expected))
