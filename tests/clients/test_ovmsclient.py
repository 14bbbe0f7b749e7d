"""ovmsclient: TensorFlow Serving's API over gRPC and REST."""
import unittest

import golden
import index

ovmsclient = index.require("ovmsclient")
np = index.require("numpy")


class OvmsClientTest(unittest.TestCase):
    def check(self, client):
        self.assertEqual(client.get_model_status("digits")[1]["state"], "AVAILABLE")
        metadata = client.get_model_metadata("digits")
        self.assertEqual(list(metadata["inputs"]), ["data"])
        pictures, scores = golden.digits(3)
        batch = np.array(pictures, np.float32).reshape(3, 1, 8, 8)
        answer = client.predict({"data": batch}, "digits")
        self.assertTrue(golden.close(np.asarray(answer).ravel(), scores))
        answer = client.predict({"data": batch}, "digits", 1)
        self.assertTrue(golden.close(np.asarray(answer).ravel(), scores))
        a, b = np.array([[1, 2, 3, 4]], np.float32), np.ones((1, 4), np.float32)
        np.testing.assert_array_equal(client.predict({"a": a, "b": b}, "two_inputs"), a - b)
        answers = client.predict({"x": a}, "two_outputs")
        self.assertEqual(len(answers), 2)
        np.testing.assert_array_equal(sorted(np.asarray(v).ravel().tolist() for v in answers.values()),
                                      [[-1, -2, -3, -4], [1, 4, 9, 16]])
        with self.assertRaises(ovmsclient.tfs_compat.base.errors.ModelNotFoundError):
            client.get_model_status("nobody")
        with self.assertRaises(ovmsclient.tfs_compat.base.errors.InvalidInputError):
            client.predict({"data": np.zeros((1, 2), np.float32)}, "digits")

    def test_grpc(self):
        self.check(ovmsclient.make_grpc_client(golden.GRPC))

    def test_http(self):
        self.check(ovmsclient.make_http_client(golden.HTTP))
