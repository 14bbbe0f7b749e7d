"""tritonclient over gRPC."""
import queue
import unittest

import golden
import index

triton = index.require("tritonclient.grpc")
InferenceServerException = index.require("tritonclient.utils").InferenceServerException
np = index.require("numpy")


def picture_input(count):
    pictures, _ = golden.digits(count)
    data = triton.InferInput("data", [count, 1, 8, 8], "FP32")
    data.set_data_from_numpy(np.array(pictures, np.float32).reshape(count, 1, 8, 8))
    return data


def vector(name, values):
    tensor = triton.InferInput(name, [1, 4], "FP32")
    tensor.set_data_from_numpy(np.array([values], np.float32))
    return tensor


class TritonGrpcTest(unittest.TestCase):
    def setUp(self):
        self.client = triton.InferenceServerClient(golden.GRPC)
        self.addCleanup(self.client.close)

    def first_output(self, model="digits"):
        return self.client.get_model_metadata(model).outputs[0].name

    def test_health(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("digits"))
        self.assertTrue(self.client.is_model_ready("digits", "1"))
        self.assertFalse(self.client.is_model_ready("nobody"))

    def test_metadata(self):
        server = self.client.get_server_metadata()
        self.assertEqual(server.name, "baryon")
        self.assertIn("binary_tensor_data", server.extensions)
        model = self.client.get_model_metadata("digits", as_json=True)
        self.assertEqual(model["platform"], "mxnet_mxnet")
        self.assertEqual(model["inputs"][0]["datatype"], "FP32")

    def test_config_and_statistics(self):
        config = self.client.get_model_config("digits").config
        self.assertEqual(config.name, "digits")
        self.assertEqual(config.input[0].name, "data")
        before = self.client.get_inference_statistics("digits").model_stats[0]
        self.client.infer("digits", [picture_input(2)])
        after = self.client.get_inference_statistics("digits").model_stats[0]
        self.assertEqual(after.inference_stats.success.count - before.inference_stats.success.count, 1)
        self.assertEqual(after.inference_count - before.inference_count, 2)

    def test_repository_index(self):
        names = {model.name: model.state for model in self.client.get_model_repository_index().models}
        self.assertEqual(names, {"digits": "READY", "two_inputs": "READY", "two_outputs": "READY"})

    def test_infers_what_mxnet_says(self):
        for count in (1, 3, 64):
            result = self.client.infer("digits", [picture_input(count)], request_id="seven")
            self.assertEqual(result.get_response().id, "seven")
            scores = result.as_numpy(self.first_output())
            self.assertEqual(scores.shape, (count, 10))
            self.assertTrue(golden.close(scores.ravel(), golden.digits(count)[1]))

    def test_several_inputs_and_outputs(self):
        result = self.client.infer("two_inputs", [vector("b", [1, 1, 1, 1]), vector("a", [1, 2, 3, 4])])
        np.testing.assert_array_equal(result.as_numpy(self.first_output("two_inputs")), [[0, 1, 2, 3]])
        names = [output.name for output in self.client.get_model_metadata("two_outputs").outputs]
        result = self.client.infer("two_outputs", [vector("x", [1, 2, 3, 4])])
        np.testing.assert_array_equal(result.as_numpy(names[0]), [[-1, -2, -3, -4]])
        np.testing.assert_array_equal(result.as_numpy(names[1]), [[1, 4, 9, 16]])
        result = self.client.infer("two_outputs", [vector("x", [1, 2, 3, 4])],
                                   outputs=[triton.InferRequestedOutput(names[1])])
        self.assertIsNone(result.as_numpy(names[0]))
        np.testing.assert_array_equal(result.as_numpy(names[1]), [[1, 4, 9, 16]])

    def test_classification(self):
        wanted = triton.InferRequestedOutput(self.first_output(), class_count=3)
        result = self.client.infer("digits", [picture_input(2)], outputs=[wanted])
        best = result.as_numpy(self.first_output())
        self.assertEqual(best.shape, (2, 3))
        score, index, label = best[0][0].decode().split(":")
        scores = golden.digits(1)[1]
        self.assertEqual(int(index), scores.index(max(scores)))
        self.assertEqual(label, index)  # the labels of digits are the digits
        self.assertAlmostEqual(float(score), max(scores), places=4)

    def test_pictures(self):
        picture = (golden.PICTURES / "3.png").read_bytes()
        data = triton.InferInput("data", [1], "BYTES")
        data.set_data_from_numpy(np.array([picture], dtype=np.object_))
        scores = self.client.infer("digits", [data]).as_numpy(self.first_output())
        self.assertEqual(scores.argmax(), 3)

    def test_errors(self):
        with self.assertRaises(InferenceServerException) as raised:
            self.client.infer("nobody", [picture_input(1)])
        self.assertIn("NOT_FOUND", raised.exception.status())
        wrong = triton.InferInput("data", [1, 2], "FP32")
        wrong.set_data_from_numpy(np.zeros((1, 2), np.float32))
        with self.assertRaises(InferenceServerException) as raised:
            self.client.infer("digits", [wrong])
        self.assertIn("INVALID_ARGUMENT", raised.exception.status())
        self.assertIn("expected float32", raised.exception.message())

    def test_asynchronous(self):
        answers = queue.Queue()
        for i in range(8):
            self.client.async_infer("digits", [picture_input(1)], lambda result, error: answers.put((result, error)),
                                    request_id=str(i))
        seen = set()
        for _ in range(8):
            result, error = answers.get(timeout=60)
            self.assertIsNone(error)
            seen.add(result.get_response().id)
        self.assertEqual(len(seen), 8)

    def test_streaming(self):
        answers = queue.Queue()
        self.client.start_stream(lambda result, error: answers.put((result, error)))
        for i in range(4):
            self.client.async_stream_infer("digits", [picture_input(1)], request_id=str(i))
        self.client.async_stream_infer("nobody", [picture_input(1)], request_id="wrong")
        self.client.async_stream_infer("digits", [picture_input(1)], request_id="after")
        ids = []
        for _ in range(6):
            result, error = answers.get(timeout=60)
            ids.append("error" if error is not None else result.get_response().id)
        self.assertEqual(ids, ["0", "1", "2", "3", "error", "after"])
        self.client.stop_stream()

    def test_parameters(self):
        result = self.client.infer("digits", [picture_input(1)], priority=1, timeout=10_000_000,
                                   parameters={"mine": "x"})
        self.assertIsNotNone(result.as_numpy(self.first_output()))

    def test_compression_is_refused(self):
        with self.assertRaises(InferenceServerException) as raised:
            self.client.infer("digits", [picture_input(64)], compression_algorithm="gzip")
        self.assertIn("UNIMPLEMENTED", raised.exception.status())

    def test_settings(self):
        self.assertEqual(self.client.get_trace_settings(as_json=True)["settings"]["trace_level"]["value"], ["OFF"])
        self.assertTrue(self.client.get_log_settings(as_json=True)["settings"]["log_error"]["bool_param"])

    def test_load_and_unload(self):
        with triton.InferenceServerClient(golden.EXPLICIT_GRPC) as client:
            self.assertFalse(client.is_model_ready("digits"))
            client.load_model("digits")
            self.assertTrue(client.is_model_ready("digits"))
            client.infer("digits", [picture_input(1)])
            client.unload_model("digits")
            self.assertFalse(client.is_model_ready("digits"))
            with self.assertRaises(InferenceServerException):
                client.load_model("nobody")
