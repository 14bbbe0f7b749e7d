"""Arrays to messages and back, without a server."""

from __future__ import annotations

import numpy as np
import pytest

from baryon_client import Pictures, Prediction, api
from baryon_client.tensors import decode_output, encode_inputs

DTYPES = "bool float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64".split()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_comes_back_as_it_went(dtype, shape):
    array = (np.random.default_rng(1).random(shape) * 100).astype(dtype)
    [tensor] = encode_inputs(array)
    assert (tensor.name, tensor.dtype, tuple(tensor.shape)) == ("", dtype, shape)
    back = decode_output(tensor)
    assert (back.dtype, back.shape) == (array.dtype, shape)
    np.testing.assert_array_equal(back, array)


def test_numbers_and_lists_are_arrays_too():
    [tensor] = encode_inputs({"x": [[1, 2], [3, 4]]})
    assert (tensor.name, tensor.dtype, list(tensor.shape)) == ("x", "int64", [2, 2])


def test_pictures_travel_as_they_are():
    [tensor] = encode_inputs({"x": Pictures([b"first", b"second"])})
    assert list(tensor.pictures) == [b"first", b"second"]
    assert (tensor.dtype, tensor.data) == ("", b"")


def test_refuses_bytes_that_are_not_as_many_as_the_shape_says():
    tensor = api.Tensor(name="y", dtype="float32", shape=[2, 3], data=b"\0" * 23)
    with pytest.raises(ValueError, match=r"output 'y': expected 24 bytes for float32\[2, 3\], got 23"):
        decode_output(tensor)
    with pytest.raises(TypeError, match="unknown dtype 'decimal'"):
        decode_output(api.Tensor(name="y", dtype="decimal", shape=[1], data=b"\0"))


def test_a_prediction_says_what_it_has():
    prediction = Prediction("m", 3, {"a": np.zeros((1, 2), np.float32), "b": np.zeros(1, np.int64)}, [])
    assert repr(prediction) == "Prediction('m' version 3, a: float32[1, 2], b: int64[1])"
    with pytest.raises(KeyError, match="no output 'c'; there are: a, b"):
        prediction["c"]
    with pytest.raises(ValueError, match="has 2 outputs, name one of: a, b"):
        _ = prediction.array
    with pytest.raises(ValueError, match="read-only"):
        decode_output(encode_inputs([1.0])[0])[0] = 2
