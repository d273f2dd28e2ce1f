"""The wheel works when installed alone, outside the checkout."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a fresh environment into which only our wheel was installed, beside its dependencies."""
    folder = tmp_path_factory.mktemp("alone")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    venv.create(folder / "env", with_pip=False, symlinks=True)
    (site,) = (folder / "env" / "lib").glob("python*/site-packages")
    # A path in a .pth file is not searched for further .pth files: the dependencies are seen, the
    # editable install of the checkout is not.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site, wheel, cwd=folder)
    return folder


def test_the_installed_program_finds_its_schema_and_its_words(alone: Path) -> None:
    """Schema, vocabularies and the Spanish sentences travel inside the wheel."""
    python = alone / "env" / "bin" / "python"
    out = run(
        python,
        "-c",
        "import commons, commons.assets as a; from commons.schema.spec import load_schema;"
        "from commons.messages import _, use_language; use_language('es');"
        "print(commons.__file__); print(a.folder('schemas')); print(len(load_schema().types));"
        "print(_('Something went wrong.'))",
        cwd=alone,
    ).split("\n")
    assert out[0].startswith(str(alone)) and out[1].startswith(str(alone))
    assert int(out[2]) >= 16
    assert out[3] == "Algo salió mal."


def test_datasette_of_that_environment_starts_with_the_plugin_asleep(alone: Path) -> None:
    """The plugin loads into every Datasette of its environment and does nothing unless configured."""
    python = alone / "env" / "bin" / "python"
    out = run(python, "-m", "datasette", "plugins", cwd=alone)
    assert "commons" in out
    page = run(python, "-m", "datasette", "--memory", "--get", "/", cwd=alone)
    assert "<title>Datasette" in page
