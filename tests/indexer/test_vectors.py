"""A text is embedded once, and a cache that fails is done without."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.vectors import VectorCache
from tests.indexer.encoders import PairEncoder

TEXTS = ["红外探测器", "电机啸叫", "污泥干化"]


def test_the_second_time_nothing_is_encoded(tmp_path: Path) -> None:
    first, second = PairEncoder(), PairEncoder()
    made = VectorCache(first, tmp_path / "vectors.sqlite").encode(TEXTS)
    kept = VectorCache(second, tmp_path / "vectors.sqlite").encode([*reversed(TEXTS)])
    assert (first.encoded, second.encoded) == (TEXTS, [])
    assert (kept[::-1] == made).all()


def test_only_what_is_new_is_encoded_and_each_text_once(tmp_path: Path) -> None:
    encoder = PairEncoder()
    cache = VectorCache(encoder, tmp_path / "vectors.sqlite")
    cache.encode(TEXTS[:1])
    vectors = cache.encode(["电机啸叫", *TEXTS, "电机啸叫"])
    assert encoder.encoded == ["红外探测器", "电机啸叫", "污泥干化"]
    assert (vectors[0] == vectors[2]).all()
    assert vectors.shape == (5, 64)


def test_another_model_has_vectors_of_its_own(tmp_path: Path) -> None:
    VectorCache(PairEncoder(), tmp_path / "vectors.sqlite").encode(TEXTS)
    other = PairEncoder(dimensions=32, fingerprint="pairs@2")
    assert VectorCache(other, tmp_path / "vectors.sqlite").encode(TEXTS).shape == (3, 32)
    assert other.encoded == TEXTS


def test_a_vector_of_the_wrong_size_is_made_again(tmp_path: Path) -> None:
    VectorCache(PairEncoder(), tmp_path / "vectors.sqlite").encode(TEXTS)
    wider = PairEncoder(dimensions=96)  # the same fingerprint: somebody changed a model in place
    assert VectorCache(wider, tmp_path / "vectors.sqlite").encode(TEXTS).shape == (3, 96)


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\x07" * 4000])
def test_a_damaged_file_is_done_without_and_begun_anew(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "vectors.sqlite"
    file.write_bytes(content)
    encoder = PairEncoder()
    vectors = VectorCache(encoder, file).encode(TEXTS)
    assert encoder.encoded == TEXTS
    assert (vectors == VectorCache(PairEncoder(), None).encode(TEXTS)).all()
    again = PairEncoder()
    cache = VectorCache(again, file)
    assert (cache.encode(TEXTS) == cache.encode(TEXTS)).all()
    assert again.encoded in ([], TEXTS)


def test_a_file_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "vectors.sqlite").mkdir()
    assert VectorCache(PairEncoder(), tmp_path / "vectors.sqlite").encode(TEXTS).shape == (3, 64)
    assert (tmp_path / "vectors.sqlite").is_dir()


def test_a_file_of_another_make_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "vectors.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE vectors (somebody_elses INTEGER)")
    assert VectorCache(PairEncoder(), file).encode(TEXTS).shape == (3, 64)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM vectors").fetchone() == (0,)


def test_in_memory_nothing_is_remembered() -> None:
    encoder = PairEncoder()
    cache = VectorCache(encoder, None)
    cache.encode(TEXTS)
    cache.encode(TEXTS)
    assert encoder.encoded == TEXTS * 2


def test_no_texts_give_no_vectors(tmp_path: Path) -> None:
    assert VectorCache(PairEncoder(), tmp_path / "vectors.sqlite").encode([]).shape == (0, 64)


@given(st.lists(st.text(alphabet="红外电机噪声SiC640", min_size=2, max_size=20), min_size=1, max_size=5))
def test_rounding_to_16_bits_is_done_once_for_all(texts: list[str]) -> None:
    vectors = VectorCache(PairEncoder(), None).encode(texts)
    assert vectors.dtype == np.float32
    assert (vectors.astype(np.float16).astype(np.float32) == vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-3)
