"""A crew works on all cores, and nothing else does meanwhile."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from dedupe.matching.crew import Crew


def blas_threads(_: object = None) -> list[int]:
    np.ones((2, 2)) @ np.ones((2, 2))  # it is loaded
    blas = [its for its in threadpool_info() if its["user_api"] == "blas"]
    # that of faiss counts for each thread by itself, and no crew asks it
    return [its["num_threads"] for its in blas if its.get("threading_layer") != "openmp"]


def test_blas_has_one_thread_while_a_crew_is_at_work_and_as_many_as_before_afterwards() -> None:
    before = blas_threads()
    with Crew(3) as crew:
        for _ in range(2):
            assert [set(its) for its in crew.map(blas_threads, [1, 2, 3])] == [{1}] * 3
    assert blas_threads() == before


def test_a_crew_without_any_work_leaves_blas_alone() -> None:
    before = blas_threads()
    with Crew(0) as crew:
        assert list(crew.map(blas_threads, [])) == []
        assert blas_threads() == before


def test_a_crew_whose_work_fails_leaves_blas_as_it_was() -> None:
    before = blas_threads()
    with pytest.raises(ValueError, match="no number"), Crew(1) as crew:
        list(crew.map(int, ["no number"]))
    assert blas_threads() == before
