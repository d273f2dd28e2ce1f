from __future__ import annotations

import ssl

import pytest

from tests.federation.serving import HOST, Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Certificates for this run of the tests."""
    return Authority.new(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def tls(authority: Authority) -> ssl.SSLContext:
    """A server that rightly calls itself by the tests' name."""
    return authority.context(HOST, "otra.test", "localhost", "127.0.0.1")
