"""tritonclient's system shared memory, over gRPC and HTTP."""
import os
import unittest

import golden
import index

over_grpc = index.require("tritonclient.grpc")
over_http = index.require("tritonclient.http")
shm = index.require("tritonclient.utils.shared_memory")
np = index.require("numpy")


class TritonSharedMemoryTest(unittest.TestCase):
    def check(self, triton, address, transport):
        key = f"/baryon_client_{transport}_{os.getpid()}"
        inputs = np.arange(4, dtype=np.float32).reshape(1, 4)
        region = shm.create_shared_memory_region("region", key, 64)
        self.addCleanup(shm.destroy_shared_memory_region, region)
        shm.set_shared_memory_region(region, [inputs])
        with triton.InferenceServerClient(address) as client:
            client.unregister_system_shared_memory()
            client.register_system_shared_memory("region", key, 64)
            data = triton.InferInput("x", [1, 4], "FP32")
            data.set_shared_memory("region", 16)
            metadata = client.get_model_metadata("two_outputs")
            names = [o["name"] if isinstance(o, dict) else o.name
                     for o in (metadata["outputs"] if isinstance(metadata, dict) else metadata.outputs)]
            wanted = [triton.InferRequestedOutput(names[0]), triton.InferRequestedOutput(names[1])]
            wanted[0].set_shared_memory("region", 16, 32)
            result = client.infer("two_outputs", [data], outputs=wanted)
            np.testing.assert_array_equal(shm.get_contents_as_numpy(region, np.float32, [1, 4], 32), -inputs)
            np.testing.assert_array_equal(result.as_numpy(names[1]), inputs * inputs)
            client.unregister_system_shared_memory("region")
            with self.assertRaises(Exception):
                client.infer("two_outputs", [data])

    def test_grpc(self):
        self.check(over_grpc, golden.GRPC, "grpc")

    def test_http(self):
        self.check(over_http, golden.HTTP, "http")
