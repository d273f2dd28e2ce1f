"""The main job from one end to the other, on three fictional catalogues. Prints every command before it runs.

`python scripts/demo.py` ends with a portal running at a printed address; `--no-serve` stops before that,
`--folder` says where the catalogues, releases and the portal go, `--port` where the portal listens.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
COMMONS = Path(sys.executable).with_name("commons")
MEMBERS = {
    "comedor": "Comedor Ejemplo La Jacaranda",
    "bibliotecas": "Red Ejemplo de Bibliotecas de Barrio",
    "taller": "Taller Ejemplo de Bicicletas Rueda Libre",
}
SHEETS = {
    "organizaciones": "organization",
    "lugares": "place",
    "servicios": "service",
    "voluntariado": "opportunity",
    "necesidades": "need",
    "recursos": "resource",
    "convocatorias": "funding",
}
DONE, FINDINGS = 0, 1


def title(text: str) -> None:
    print(f"\n\033[1m── {text}\033[0m" if sys.stdout.isatty() else f"\n── {text}", flush=True)


def commons(folder: Path, *arguments: str | Path, quiet: bool = False, capture: bool = False) -> str:
    """Show the command, run it in `folder`; stop where it fails."""
    words = ["commons", *(str(argument) for argument in arguments)]
    print("$ " + shlex.join(words), flush=True)
    hidden = subprocess.PIPE if quiet or capture else None
    done = subprocess.run(
        [COMMONS, *words[1:]], cwd=folder, stdout=hidden, stderr=hidden if quiet else None, text=True
    )
    if done.returncode not in (DONE, FINDINGS):
        sys.exit((done.stdout or "") + (done.stderr or "") + f"\n{shlex.join(words)}: exit {done.returncode}")
    return done.stdout or ""


def keep_a_catalogue(folder: Path, member: str, name: str) -> Path:
    """Init, import three sheets, release; returns the release."""
    title(name)
    catalogue = f"{member}.db"
    commons(
        folder,
        "init",
        catalogue,
        "--name",
        name,
        "--territory",
        "cdmx",
        "--sheet",
        f"{member}-hoja.html",
        "--yes",
        quiet=True,
    )
    for sheet, record_type in SHEETS.items():
        if not (EXAMPLES / member / f"{sheet}.csv").exists():
            continue
        shutil.copy(EXAMPLES / member / f"{sheet}.csv", folder / f"{member}-{sheet}.csv")
        headings = (folder / f"{member}-{sheet}.csv").read_text("utf-8").split("\n")[0].split(",")
        owners = [f"{name}=organización" for name in ("Teléfonos", "Correo") if name in headings]
        commons(
            folder, "import", f"{member}-{sheet}.csv", "--to", catalogue, "--type", record_type,
            *(word for owner in owners for word in ("--owner", owner)), "--yes", quiet=True,
        )  # fmt: skip
    release = folder / "entregas" / f"{member}.entrega"
    release.parent.mkdir(exist_ok=True)
    commons(folder, "release", "-c", catalogue, "--out", f"entregas/{release.name}", "--yes")
    return release


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "demo")
    parser.add_argument("--port", default="8001")
    parser.add_argument("--no-serve", action="store_true")
    options = parser.parse_args()
    folder = options.folder.resolve()
    if folder.exists():
        shutil.rmtree(folder)  # made anew each time: everything in it was made by this script
    folder.mkdir(parents=True)
    releases = {member: keep_a_catalogue(folder, member, name) for member, name in MEMBERS.items()}

    title("Una federación que acepta a las tres")
    commons(
        folder,
        "federation",
        "new",
        "federacion",
        "--name",
        "Saberes de ejemplo",
        "--english-name",
        "Example knowledge",
        "--territory",
        "cdmx",
    )
    for member, release in releases.items():
        commons(
            folder, "federation", "add", release.relative_to(folder), "--name", MEMBERS[member],
            "--source", f"../entregas/{release.name}", "--by", "demo", "--how", "son de ejemplo",
            "--federation", "federacion", quiet=True,
        )  # fmt: skip
    commons(folder, "merge", "-f", "federacion")
    title("El mismo candado da la misma huella")
    commons(folder, "merge", "-f", "federacion", "--locked")
    title("El portal")
    commons(
        folder,
        "publish",
        "folder",
        "--pool",
        "federacion/pool.db",
        "--out",
        "portal",
        "--federation",
        "federacion",
    )
    if not options.no_serve:
        subprocess.run([COMMONS, "serve", "portal", "--port", options.port], cwd=folder)


if __name__ == "__main__":
    main()
