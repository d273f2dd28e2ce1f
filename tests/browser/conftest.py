"""A real Chromium before a real portal. Skips, and says so, where there is none."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.portal.sample import write_sample

AXE = "axe-core@4.14.1"
PLACES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker for all of them: one browser, one portal."""
    for item in items:
        if "browser" in Path(item.path).parts:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running portal over the sample pool."""
    pool = write_sample(tmp_path_factory.mktemp("browser") / "pool.db", territory="cdmx")
    command = [sys.executable, "-m", "commons", "--lang", "en", "serve", str(pool), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().split()[-1].rstrip("/")
    process.terminate()
    process.communicate(timeout=20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next((place for place in PLACES if Path(place).exists()), None)
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A small, cheap telephone."""
    context = browser.new_context(viewport={"width": 360, "height": 640}, locale="es-MX")
    yield context
    context.close()


@pytest.fixture(scope="module")
def axe(request: pytest.FixtureRequest) -> str:
    """The script of axe-core, fetched once from npm and kept in pytest's cache."""
    folder = Path(request.config.cache.mkdir("axe"))  # type: ignore[union-attr]
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    npm = shutil.which("npm")
    if not script.exists() and npm:
        fresh = folder.with_name(
            f"axe-{os.getpid()}"
        )  # put in place when whole: a slow net leaves half a file
        command = [npm, "install", "--silent", "--no-audit", "--prefix", str(fresh), AXE]
        with contextlib.suppress(subprocess.TimeoutExpired, OSError):
            if subprocess.run(command, capture_output=True, timeout=90, check=False).returncode == 0:
                folder.rmdir()
                fresh.rename(folder)
        shutil.rmtree(fresh, ignore_errors=True)
    if not script.exists():
        pytest.skip(f"{AXE} cannot be fetched from npm here")
    return script.read_text("utf-8")
