"""The client that blocks, against the real program."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import PICTURES

import baryon_client
from baryon_client import Client, Pictures


@pytest.fixture(scope="module")
def client(server):
    with Client(server) as client:
        yield client


def digits(rows: int) -> np.ndarray:
    return np.random.default_rng(1).random((rows, 1, 8, 8), np.float32)


def test_names_the_digit_in_a_picture(client):
    for digit in range(10):
        [best] = client.classify("digits", PICTURES / f"{digit}.png", top=1)
        assert (best[0].index, best[0].label) == (digit, str(digit))
        assert best[0].score > 0.5


def test_takes_many_pictures_as_rows_of_one_request(client):
    rows = client.classify("digits", [PICTURES / "3.png", (PICTURES / "7.png").read_bytes()], top=2)
    assert [row[0].label for row in rows] == ["3", "7"]
    assert [len(row) for row in rows] == [2, 2]
    assert rows[0][0].score >= rows[0][1].score


def test_answers_with_arrays_by_the_names_of_the_outputs(client):
    prediction = client.predict("digits", digits(3))
    [version] = client.model("digits")
    assert list(prediction) == [output.name for output in version.outputs]
    assert prediction.array.shape == (3, 10)
    assert prediction.array.dtype == np.float32
    assert prediction[next(iter(prediction))] is prediction.array
    assert (prediction.model, prediction.version) == ("digits", 1)


def test_a_row_has_the_same_answer_alone(client):
    batch = digits(4)
    together = client.predict("digits", batch).array
    for row in range(4):
        np.testing.assert_allclose(client.predict("digits", batch[row : row + 1]).array[0], together[row], atol=1e-5)


def test_takes_inputs_by_name_and_arrays_of_any_layout(client):
    name = client.model("digits")[0].inputs[0].name
    batch = digits(4)
    expected = client.predict("digits", batch).array
    for same in (np.asfortranarray(batch), batch.astype(">f4"), batch.repeat(2, axis=0)[::2]):
        np.testing.assert_array_equal(client.predict("digits", {name: same}).array, expected)


def test_pictures_may_be_named_and_asked_for_classes_beside_outputs(client):
    name = client.model("digits")[0].inputs[0].name
    prediction = client.predict("digits", {name: Pictures(PICTURES / "5.png")}, top=1)
    assert prediction.classes[0][0].index == prediction.array[0].argmax() == 5


def test_predicts_many_in_order(client):
    batches = [digits(1) * (i + 1) / 8 for i in range(8)]
    answers = list(client.predict_many("digits", iter(batches), in_flight=3))
    assert len(answers) == 8
    for batch, answer in zip(batches, answers):
        np.testing.assert_allclose(answer.array, client.predict("digits", batch).array, atol=1e-5)


def test_says_what_is_loaded(client):
    [model] = [model for model in client.models() if model.name == "digits"]
    assert (model.version, model.state, model.error) == (1, "ready", "")
    assert [(input.dtype, input.shape[:2]) for input in model.inputs] == [("float32", (-1, 1))]
    assert model.memory_bytes > 0


def test_counts_requests(client):
    before = client.model("digits")[0]
    client.predict("digits", digits(2))
    after = client.model("digits")[0]
    assert (after.succeeded - before.succeeded, after.rows - before.rows) == (1, 2)


def test_unloads_and_loads(client):
    assert client.is_ready("digits")
    client.unload("digits")
    assert not client.is_ready("digits")
    with pytest.raises(baryon_client.NotFound):
        client.predict("digits", digits(1))
    client.load("digits")
    client.wait_until_ready("digits", timeout=30)
    assert client.predict("digits", digits(1)).array.shape == (1, 10)


def test_refusals_name_what_was_expected_and_what_came(client):
    with pytest.raises(baryon_client.InvalidArgument, match=r"float32.*-1, 1, .*\[1, 3, 8, 8\]") as caught:
        client.predict("digits", np.zeros((1, 3, 8, 8), np.float32))
    assert caught.value.code == "INVALID_ARGUMENT"
    assert caught.value.reason == "INPUT_SHAPE_MISMATCH"
    assert caught.value.field.startswith("inputs[0].shape")
    assert "1" in caught.value.expected and "3" in caught.value.got
    assert client.target in str(caught.value)
    with pytest.raises(baryon_client.NotFound, match="nosuch"):
        client.predict("nosuch", digits(1))
    with pytest.raises(baryon_client.NotFound, match="version 7"):
        client.predict("digits", digits(1), version=7)


def test_refuses_what_is_no_array_of_numbers_before_it_travels(client):
    with pytest.raises(TypeError, match="input 'data': expected an array of numbers"):
        client.predict("digits", {"data": np.array(["three"])})


def test_without_a_server_it_is_unavailable():
    with Client("127.0.0.1:1", retry=baryon_client.RetryPolicy(attempts=2, first_pause=0.001)) as client:
        assert not client.is_ready()
        with pytest.raises(baryon_client.Unavailable, match="server 127.0.0.1:1: "):
            client.models()
        with pytest.raises(baryon_client.Unavailable, match="not ready after 0.2 s"):
            client.wait_until_ready(timeout=0.2)


def test_the_environment_names_the_server(server, monkeypatch):
    monkeypatch.setenv("BARYON_SERVER", server)
    with Client() as client:
        assert client.target == server
        assert client.is_ready()
