"""grpcio: health and reflection, as probes and tools like grpcurl ask for them, with messages written by hand."""
import unittest

import grpc

import golden


def field(number, value):
    """One field of a message: bytes, text, or a message given as bytes."""
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def fields(data):
    """[(number, value)] of a message; bytes, or an integer."""
    result, at = [], 0

    def read():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = read()
        if tag & 7 == 2:
            size = read()
            result.append((tag >> 3, data[at:at + size]))
            at += size
        else:
            result.append((tag >> 3, read()))
    return result


def same(data):
    return data


class GrpcioTest(unittest.TestCase):
    def setUp(self):
        self.channel = grpc.insecure_channel(golden.GRPC)
        self.addCleanup(self.channel.close)

    def check(self, service):
        call = self.channel.unary_unary("/grpc.health.v1.Health/Check", same, same)
        return call(field(1, service) if service else b"", timeout=60)

    def test_health(self):
        serving = b"\x08\x01"
        for service in ("", "liveness", "readiness", "inference.GRPCInferenceService",
                        "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService",
                        "baryon.v1.PredictionService", "baryon.v1.ModelRegistry", "baryon.model/digits"):
            self.assertEqual(self.check(service), serving, service)
        with self.assertRaises(grpc.RpcError) as raised:
            self.check("nobody")
        self.assertEqual(raised.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_health_watch_and_list(self):
        watch = self.channel.unary_stream("/grpc.health.v1.Health/Watch", same, same)
        stream = watch(field(1, "nobody"), timeout=60)
        self.assertEqual(next(stream), b"\x08\x03")  # SERVICE_UNKNOWN, and the stream stays open
        stream.cancel()
        listed = self.channel.unary_unary("/grpc.health.v1.Health/List", same, same)(b"", timeout=60)
        names = [dict(fields(entry)).get(1, b"").decode() for _, entry in fields(listed)]
        self.assertIn("baryon.model/digits", names)

    def reflect(self, version, *requests):
        method = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
        return list(self.channel.stream_stream(method, same, same)(iter(requests), timeout=60))

    def test_reflection(self):
        (answer,) = self.reflect("v1alpha", field(7, ""))
        listed = dict(fields(answer))[6]
        services = {dict(fields(service))[1].decode() for _, service in fields(listed)}
        self.assertLessEqual({"inference.GRPCInferenceService", "tensorflow.serving.PredictionService",
                              "tensorflow.serving.ModelService", "baryon.v1.PredictionService",
                              "baryon.v1.ModelRegistry", "grpc.health.v1.Health"}, services)

    def test_reflection_of_everything(self):
        for symbol in ("inference.GRPCInferenceService", "tensorflow.serving.PredictionService",
                       "baryon.v1.PredictionService", "grpc.health.v1.Health", "nobody"):
            (answer,) = self.reflect("v1alpha", field(4, symbol))
            kinds = dict(fields(answer))
            self.assertIn(7 if symbol == "nobody" else 4, kinds, symbol)

    def test_unknown_methods(self):
        for method in ("/inference.GRPCInferenceService/Nothing", "/no.Such/Service",
                       "/inference.GRPCInferenceService/CudaSharedMemoryStatus"):
            with self.assertRaises(grpc.RpcError) as raised:
                self.channel.unary_unary(method, same, same)(b"", timeout=60)
            self.assertEqual(raised.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_errors_have_details(self):
        infer = self.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer", same, same)
        with self.assertRaises(grpc.RpcError) as raised:
            infer(field(1, "digits") + field(5, field(1, "other") + field(2, "FP32")) , timeout=60)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        details = dict(raised.exception.trailing_metadata())["grpc-status-details-bin"]
        self.assertIn(b"google.rpc.BadRequest", details)
        self.assertIn(b"inputs[0]", details)
