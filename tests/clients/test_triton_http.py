"""tritonclient over HTTP."""
import unittest

import golden
import index

triton = index.require("tritonclient.http")
InferenceServerException = index.require("tritonclient.utils").InferenceServerException
np = index.require("numpy")


def picture_input(count, binary=True):
    pictures, _ = golden.digits(count)
    data = triton.InferInput("data", [count, 1, 8, 8], "FP32")
    data.set_data_from_numpy(np.array(pictures, np.float32).reshape(count, 1, 8, 8), binary_data=binary)
    return data


def vector(name, values, binary=True):
    tensor = triton.InferInput(name, [1, 4], "FP32")
    tensor.set_data_from_numpy(np.array([values], np.float32), binary_data=binary)
    return tensor


class TritonHttpTest(unittest.TestCase):
    def setUp(self):
        self.client = triton.InferenceServerClient(golden.HTTP)
        self.addCleanup(self.client.close)

    def first_output(self, model="digits"):
        return self.client.get_model_metadata(model)["outputs"][0]["name"]

    def test_health_and_metadata(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("digits"))
        self.assertFalse(self.client.is_model_ready("nobody"))
        self.assertEqual(self.client.get_server_metadata()["name"], "baryon")
        self.assertEqual(self.client.get_model_metadata("digits", "1")["platform"], "mxnet_mxnet")
        self.assertEqual(self.client.get_model_config("digits")["name"], "digits")

    def test_statistics_and_index(self):
        before = self.client.get_inference_statistics("digits")["model_stats"][0]["inference_count"]
        self.client.infer("digits", [picture_input(2)])
        after = self.client.get_inference_statistics("digits")["model_stats"][0]["inference_count"]
        self.assertEqual(after - before, 2)
        names = {model["name"]: model["state"] for model in self.client.get_model_repository_index()}
        self.assertEqual(names, {"digits": "READY", "two_inputs": "READY", "two_outputs": "READY"})

    def test_infers_what_mxnet_says(self):
        for binary_in in (True, False):
            for binary_out in (True, False):
                for count in (1, 64):
                    wanted = triton.InferRequestedOutput(self.first_output(), binary_data=binary_out)
                    result = self.client.infer("digits", [picture_input(count, binary_in)], outputs=[wanted],
                                               request_id="seven")
                    self.assertEqual(result.get_response()["id"], "seven")
                    scores = result.as_numpy(self.first_output())
                    self.assertEqual(scores.shape, (count, 10))
                    self.assertTrue(golden.close(scores.ravel(), golden.digits(count)[1]))

    def test_compressed_requests(self):
        for algorithm in ("gzip", "deflate"):
            result = self.client.infer("digits", [picture_input(16)], request_compression_algorithm=algorithm,
                                       response_compression_algorithm=algorithm)
            self.assertTrue(golden.close(result.as_numpy(self.first_output()).ravel(), golden.digits(16)[1]))

    def test_several_inputs_and_outputs(self):
        result = self.client.infer("two_inputs", [vector("b", [1, 1, 1, 1], False), vector("a", [1, 2, 3, 4])])
        np.testing.assert_array_equal(result.as_numpy(self.first_output("two_inputs")), [[0, 1, 2, 3]])
        names = [output["name"] for output in self.client.get_model_metadata("two_outputs")["outputs"]]
        wanted = [triton.InferRequestedOutput(names[1]), triton.InferRequestedOutput(names[0], binary_data=False)]
        result = self.client.infer("two_outputs", [vector("x", [1, 2, 3, 4])], outputs=wanted)
        np.testing.assert_array_equal(result.as_numpy(names[0]), [[-1, -2, -3, -4]])
        np.testing.assert_array_equal(result.as_numpy(names[1]), [[1, 4, 9, 16]])

    def test_classification(self):
        for binary in (True, False):
            wanted = triton.InferRequestedOutput(self.first_output(), class_count=3, binary_data=binary)
            best = self.client.infer("digits", [picture_input(2)], outputs=[wanted]).as_numpy(self.first_output())
            self.assertEqual(best.shape, (2, 3))
            text = best[0][0].decode() if isinstance(best[0][0], bytes) else best[0][0]
            scores = golden.digits(1)[1]
            self.assertEqual(int(text.split(":")[1]), scores.index(max(scores)))

    def test_pictures(self):
        picture = (golden.PICTURES / "3.png").read_bytes()
        data = triton.InferInput("data", [1], "BYTES")
        data.set_data_from_numpy(np.array([picture], dtype=np.object_))
        self.assertEqual(self.client.infer("digits", [data]).as_numpy(self.first_output()).argmax(), 3)

    def test_asynchronous(self):
        with triton.InferenceServerClient(golden.HTTP, concurrency=4) as client:
            pending = [client.async_infer("digits", [picture_input(1)], request_id=str(i)) for i in range(8)]
            self.assertEqual([one.get_result().get_response()["id"] for one in pending], [str(i) for i in range(8)])

    def test_errors(self):
        with self.assertRaises(InferenceServerException) as raised:
            self.client.infer("nobody", [picture_input(1)])
        self.assertIn("404", str(raised.exception.status()))
        self.assertIn("no model is called", raised.exception.message())
        wrong = triton.InferInput("data", [1, 2], "FP32")
        wrong.set_data_from_numpy(np.zeros((1, 2), np.float32))
        with self.assertRaises(InferenceServerException) as raised:
            self.client.infer("digits", [wrong])
        self.assertIn("expected float32", raised.exception.message())

    def test_settings(self):
        self.assertEqual(self.client.get_trace_settings()["trace_level"], ["OFF"])
        self.assertTrue(self.client.get_log_settings()["log_error"])

    def test_load_and_unload(self):
        with triton.InferenceServerClient(golden.EXPLICIT_HTTP) as client:
            client.load_model("two_outputs")
            self.assertTrue(client.is_model_ready("two_outputs"))
            client.infer("two_outputs", [vector("x", [1, 2, 3, 4])])
            client.unload_model("two_outputs")
            self.assertFalse(client.is_model_ready("two_outputs"))
            with self.assertRaises(InferenceServerException):
                client.load_model("nobody")
