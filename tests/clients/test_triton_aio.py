"""tritonclient's asynchronous clients."""
import asyncio
import unittest

import golden
import index

grpc_types = index.require("tritonclient.grpc")
grpc_aio = index.require("tritonclient.grpc.aio")
http_types = index.require("tritonclient.http")
http_aio = index.require("tritonclient.http.aio")
np = index.require("numpy")


def picture_input(types, count):
    pictures, _ = golden.digits(count)
    data = types.InferInput("data", [count, 1, 8, 8], "FP32")
    data.set_data_from_numpy(np.array(pictures, np.float32).reshape(count, 1, 8, 8))
    return data


class TritonAioTest(unittest.IsolatedAsyncioTestCase):
    async def test_grpc(self):
        async with grpc_aio.InferenceServerClient(golden.GRPC) as client:
            self.assertTrue(await client.is_server_ready())
            name = (await client.get_model_metadata("digits")).outputs[0].name
            results = await asyncio.gather(*(client.infer("digits", [picture_input(grpc_types, 2)]) for _ in range(8)))
            for result in results:
                self.assertTrue(golden.close(result.as_numpy(name).ravel(), golden.digits(2)[1]))

    async def test_grpc_stream(self):
        async def requests():
            for i in range(3):
                yield {"model_name": "digits", "inputs": [picture_input(grpc_types, 1)], "request_id": str(i)}

        async with grpc_aio.InferenceServerClient(golden.GRPC) as client:
            ids = []
            async for result, error in client.stream_infer(requests()):
                self.assertIsNone(error)
                ids.append(result.get_response().id)
            self.assertEqual(ids, ["0", "1", "2"])

    async def test_http(self):
        async with http_aio.InferenceServerClient(golden.HTTP) as client:
            self.assertTrue(await client.is_server_ready())
            name = (await client.get_model_metadata("digits"))["outputs"][0]["name"]
            results = await asyncio.gather(*(client.infer("digits", [picture_input(http_types, 2)]) for _ in range(8)))
            for result in results:
                self.assertTrue(golden.close(result.as_numpy(name).ravel(), golden.digits(2)[1]))
