"""The world of the tests: parameters, the keys of one record for hospitals A and B, and capsules."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

import phi_pre as phi

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray would send them over the network

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def world():
    params = phi.Params(bytes(32))
    k_d, k_d_prime = phi.DecryptionKey.random(), phi.DecryptionKey.random()
    k_e, k_e_prime = k_d.encryption_key(params), k_d_prime.encryption_key(params)
    y = k_d.public_key(params)
    capsules, messages = y.prepare(params).encapsulate_many(100)
    k_re = phi.ReKey(k_e, k_e_prime)
    return SimpleNamespace(**locals())
