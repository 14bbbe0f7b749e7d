"""curl: what people type, and what proxies send."""
import gzip
import json
import pathlib
import struct
import subprocess
import tempfile
import unittest

import golden


def curl(*arguments, body=None):
    """(status, headers in lower case, body) of one request."""
    command = ["curl", "-sS", "-m", "60", "-o", "-", "-D", "/dev/stderr", *arguments]
    done = subprocess.run(command, input=body, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    lines = done.stderr.decode().split("\r\n")
    status = [line for line in lines if line.startswith("HTTP/")][-1].split()[1]
    headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    return int(status), headers, done.stdout


def url(path):
    return f"http://{golden.HTTP}{path}"


def floats(data):
    return struct.unpack(f"<{len(data) // 4}f", data)


class CurlTest(unittest.TestCase):
    def setUp(self):
        self.pictures, self.scores = golden.digits(2)
        rows = [self.pictures[i * 64:(i + 1) * 64] for i in range(2)]
        self.request = json.dumps({"inputs": [{"name": "data", "shape": [2, 1, 8, 8], "datatype": "FP32",
                                               "data": self.pictures}]}).encode()
        self.rows = json.dumps({"instances": [[[row[k * 8:k * 8 + 8] for k in range(8)]] for row in rows]}).encode()
        self.raw = struct.pack("<64f", *self.pictures[:64])

    def post(self, path, body, *arguments):
        return curl("-X", "POST", "--data-binary", "@-", *arguments, url(path), body=body)

    def test_health(self):
        self.assertEqual(curl(url("/v2/health/live"))[0], 200)
        self.assertEqual(curl(url("/v2/health/ready"))[0], 200)
        self.assertEqual(curl(url("/ping"))[0], 200)
        self.assertEqual(curl("-I", url("/v2/health/ready"))[0], 200)

    def test_open_inference_protocol(self):
        status, _, body = self.post("/v2/models/digits/infer", self.request)
        self.assertEqual(status, 200)
        answer = json.loads(body)["outputs"][0]
        self.assertEqual(answer["shape"], [2, 10])
        self.assertTrue(golden.close(answer["data"], self.scores))

    def test_raw_binary(self):
        status, headers, body = self.post("/v2/models/digits/infer", self.raw, "-H", "Inference-Header-Content-Length: 0")
        self.assertEqual(status, 200)
        self.assertTrue(golden.close(floats(body[int(headers["inference-header-content-length"]):]), self.scores[:10]))

    def test_tensorflow_serving(self):
        status, _, body = self.post("/v1/models/digits:predict", self.rows)
        self.assertEqual(status, 200)
        answer = json.loads(body)["predictions"]
        self.assertTrue(golden.close([score for row in answer for score in row], self.scores))
        self.assertEqual(json.loads(curl(url("/v1/models/digits"))[2])["model_version_status"][0]["state"], "AVAILABLE")

    def test_pictures(self):
        for digit in (3, 8):
            picture = (golden.PICTURES / f"{digit}.png").read_bytes()
            status, _, body = self.post("/predictions/digits", picture, "-H", "Content-Type: image/png")
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(body)[0]["class"], str(digit))

    def test_invocations(self):
        csv = "\n".join(",".join(str(x) for x in self.pictures[i * 64:(i + 1) * 64]) for i in range(2)).encode()
        status, _, body = self.post("/invocations?model_name=digits", csv, "-H", "Content-Type: text/csv", "-H",
                                    "Accept: application/x-npy")
        self.assertEqual(status, 200)
        self.assertEqual(body[:6], b"\x93NUMPY")
        self.assertTrue(golden.close(floats(body[-80:]), self.scores))

    def test_ways_to_send(self):
        for arguments in (["--http1.0"], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"],
                          ["-H", "Connection: close"]):
            self.assertEqual(self.post("/v2/models/digits/infer", self.request, *arguments)[0], 200, arguments)
        self.assertEqual(self.post("/v2/models/digits/infer", gzip.compress(self.request), "-H",
                                   "Content-Encoding: gzip")[0], 200)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "request.json"
            file.write_bytes(self.request)
            self.assertEqual(curl("-X", "POST", "-T", str(file), url("/v2/models/digits/infer"))[0], 200)

    def test_refusals(self):
        self.assertEqual(self.post("/v2/models/nobody/infer", self.request)[0], 404)
        self.assertEqual(self.post("/v2/models/digits/infer", b"{")[0], 400)
        self.assertEqual(self.post("/v2/models/digits/infer", b"x" * (65 << 20))[0], 413)
        self.assertEqual(curl("-X", "DELETE", url("/v2"))[0], 405)
        self.assertEqual(curl(url("/v2/models/digits/infer"))[0], 405)
        self.assertEqual(curl("--path-as-is", url("/v2/models/../../etc/passwd"))[0], 404)
        self.assertEqual(curl("-H", "X: " + "y" * 20000, url("/v2"))[0], 431)
        bomb = gzip.compress(b"\0" * (100 << 20))
        self.assertEqual(self.post("/v2/models/digits/infer", bomb, "-H", "Content-Encoding: gzip")[0], 413)
        error = json.loads(self.post("/v2/models/nobody/infer", self.request)[2])
        self.assertEqual(error["code"], "NOT_FOUND")
