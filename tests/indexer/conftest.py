"""What the tests of the indexer share. Components are real and tiny: FAISS on some forty entries, an encoder of character pairs.

`encoders.py` has that encoder, `oracle.py` an engine that goes through every entry, `library.py` records and random entries. A test
that needs particular records writes them itself, beside what it asserts.
"""

import os

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before FAISS and torch are imported: threads only get in the way of tiny things

import pytest
from hypothesis import HealthCheck, settings

from indexer.segmenter import Segmenter
from indexer.words import Words
from tests.indexer.encoders import PairEncoder

settings.register_profile(
    "indexer",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("indexer")


@pytest.fixture(scope="session")
def words() -> Words:
    return Words(Segmenter())


@pytest.fixture
def encoder() -> PairEncoder:
    return PairEncoder()
