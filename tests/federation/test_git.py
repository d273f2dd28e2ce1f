"""Releases in git repositories, behind a real server; what a repository holds runs and reads nothing here."""

from __future__ import annotations

import os
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from commons.federation.policy import file as policy
from commons.federation.sources import git, looked
from commons.federation.sources.fetching import Net
from commons.federation.sources.look import fetch
from commons.federation.sources.taking import Fetched
from commons.federation.store.folder import Store
from commons.format import container
from tests.federation.serving import AT, HURRY, Authority, Site, net, raw, repositories
from tests.hostile.making import Member, place, release

ANA, LUZ = Member("ana"), Member("luz")
ONE, TWO = release(ANA, [place("a")]), release(ANA, [place("b")], number=2)
PATIENT = replace(HURRY, deadline_s=30.0, idle_s=10.0)

pytestmark = pytest.mark.skipif(git.program() is None, reason="git 2.37 or newer is not here")


def run(folder: Path, *arguments: str, data: bytes = b"") -> str:
    names = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **names}
    command = ["git", "--git-dir", str(folder), *arguments]
    done = subprocess.run(command, input=data, capture_output=True, env=environment, check=True)
    return done.stdout.decode().strip()


def commit(folder: Path, tree: Mapping[str, bytes | tuple[str, bytes]], branch: str = "main") -> None:
    """Put a tree into a bare repository; a value may carry its mode, and paths may be any that git knows."""
    if not folder.exists():
        folder.mkdir(parents=True)
        run(folder, "init", "--quiet", "--bare", "--initial-branch=main")
    (folder / "index").unlink(missing_ok=True)
    for path, value in tree.items():
        mode, data = value if isinstance(value, tuple) else ("100644", value)
        oid = data.decode() if mode == "160000" else run(folder, "hash-object", "-w", "--stdin", data=data)
        run(folder, "update-index", "--add", "--cacheinfo", f"{mode},{oid},{path}")
    made = run(folder, "commit-tree", "-m", "x", run(folder, "write-tree"))
    run(folder, "update-ref", f"refs/heads/{branch}", made)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "repositories"


@pytest.fixture
def site(root: Path, tls: ssl.SSLContext) -> Iterator[Site]:
    root.mkdir()
    with repositories(tls, root) as running:
        yield running


def look(folder: Path, source: str, asked: Net, *, private: bool = True) -> Fetched:
    allowed = f"allow_private_hosts: {str(private).lower()}"
    rules = policy.parse(f"name: x\nmembers: [{{id: {ANA.id}, name: A, sources: ['{source}'], {allowed}}}]\n")
    found = fetch(rules, folder, Store(folder / "store"), net=asked)
    assert not (folder / "store" / "fetching").exists()
    return found


def as_folder(files: container.ReleaseFiles, at: str) -> dict[str, bytes]:
    return {f"{at}{name}": content for name, content in zip(files.names, files.contents(), strict=True)}


def test_releases_are_taken_out_of_a_repository(
    tmp_path: Path, root: Path, site: Site, authority: Authority
) -> None:
    """Files and folders of the branch; what is no release is passed by; one commit is fetched once."""
    held = {"uno.entrega": container.to_bytes(ONE), **as_folder(TWO, "dos/"), "README.md": b"hola" * 128}
    commit(root / "paz.git", {**held, "hondo/uno/x": b"y"})
    source = f"git+{site.url('/paz.git')}"
    first = look(tmp_path, source, net(authority, PATIENT))
    assert sorted(first.arrived[ANA.id]) == sorted([ONE.digest, TWO.digest]) and not first.findings
    asked = len(site.asked)
    again = look(tmp_path, source, net(authority, PATIENT))
    assert again.looks[ANA.id].outcome == looked.SAME and not again.findings
    assert not any("git-upload-pack" in path and "service" not in path for path, _ in site.asked[asked + 2 :])


def test_a_branch_and_a_folder_of_it_can_be_named(
    tmp_path: Path, root: Path, site: Site, authority: Authority
) -> None:
    """In a shared one, others' releases are theirs; a branch or folder that is not there is told."""
    tree = {"entregas/x": container.to_bytes(TWO), "entregas/y": container.to_bytes(release(LUZ))}
    commit(root / "r.git", {"x": container.to_bytes(ONE)})
    commit(root / "r.git", tree, branch="compartir/hoy")
    where = f"git+{site.url('/r.git')}"
    found = look(tmp_path, f"{where}@compartir/hoy#subdirectory=entregas", net(authority, PATIENT))
    assert found.arrived == {ANA.id: [TWO.digest]} and not found.findings and not found.strangers
    for missing in (f"{where}@hoy", f"{where}#subdirectory=nada", f"git+{site.url('/otro.git')}"):
        found = look(tmp_path / "other", missing, net(authority, PATIENT))
        assert [f.code for f in found.findings] == ["E_SOURCE"], missing


def test_links_submodules_and_programs_in_a_tree_are_left_out(
    tmp_path: Path, root: Path, site: Site, authority: Authority
) -> None:
    """A link to a file of this computer, a submodule, attributes with a filter: none is followed or run."""
    secret = tmp_path / "secreto.entrega"
    container.write_file(secret, ONE)
    ran = tmp_path / "ran"
    commit(
        root / "r.git",
        {
            "link.entrega": ("120000", str(secret).encode()),
            "program.entrega": ("100755", container.to_bytes(ONE)),
            "sub": ("160000", b"1" * 40),
            ".gitmodules": f'[submodule "sub"]\n path = sub\n url = ext::sh -c "touch {ran}"\n'.encode(),
            ".gitattributes": b"* filter=evil diff=evil\n",
            ".gitconfig": f'[filter "evil"]\n smudge = touch {ran}\n'.encode(),
            "a;touch x\n$(id).entrega": container.to_bytes(TWO),
        },
    )
    found = look(tmp_path, f"git+{site.url('/r.git')}", net(authority, PATIENT))
    assert found.arrived == {ANA.id: [TWO.digest]} and not ran.exists()


def test_the_settings_of_this_computer_take_no_part(
    tmp_path: Path, root: Path, site: Site, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a person's git settings nor variables: no hook, no helper for passwords, no other address."""
    commit(root / "r.git", {"x": container.to_bytes(ONE)})
    ran, home = tmp_path / "ran", tmp_path / "home"
    (home / "hooks").mkdir(parents=True)
    hook = home / "hooks" / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[core]\n hooksPath = {home}/hooks\n sshCommand = touch {ran}\n askPass = touch {ran}\n"
        f"[credential]\n helper = !touch {ran}\n[http]\n proxy = http://127.0.0.1:9\n sslVerify = false\n"
        '[url "https://127.0.0.1:9/"]\n insteadOf = https://\n'
    )
    for name, value in {
        "HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"), "GIT_SSL_NO_VERIFY": "1",
        "GIT_ASKPASS": f"touch {ran}", "HTTPS_PROXY": "http://127.0.0.1:9", "GIT_DIR": str(home),
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.proxy", "GIT_CONFIG_VALUE_0": "http://127.0.0.1:9",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    assert look(tmp_path, f"git+{site.url('/r.git')}", net(authority, PATIENT)).arrived
    assert not ran.exists()


def test_a_repository_on_ones_own_computer_or_under_another_name_is_not_asked(
    tmp_path: Path, root: Path, site: Site, authority: Authority
) -> None:
    """The same judgement and the same certificates as for any address."""
    commit(root / "r.git", {"x": container.to_bytes(ONE)})
    source = f"git+{site.url('/r.git')}"
    found = look(tmp_path, source, net(authority, PATIENT), private=False)
    assert [f.code for f in found.findings] == ["E_ADDRESS"] and not site.asked
    found = look(tmp_path, source.replace("entregas.test", "nadie.test"), net(authority, PATIENT))
    assert [f.code for f in found.findings] == ["E_TLS"] and not site.asked


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "E_UNREACHABLE",
            b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
        ),
        ("E_SOURCE", b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"),
        ("E_UNREACHABLE", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>hola"),
        ("E_SLOW", b""),
    ],
)
def test_a_hostile_git_server_ends_in_its_code(
    code: str, said: bytes, tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """Redirects, questions for a password, a page, silence: told, in time, and no question to a person."""

    def talk(connection: object, site: Site) -> None:
        if said:
            connection.sendall(said)  # type: ignore[attr-defined]
        else:
            threading.Event().wait(20)

    with raw(tls, talk) as site:
        found = look(tmp_path, f"git+{site.url('/r.git')}", net(authority))
    assert [f.code for f in found.findings] == [code]


def test_a_repository_that_is_too_much_is_left(
    tmp_path: Path, root: Path, site: Site, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are counted while they come, and nothing of git goes on afterwards."""
    monkeypatch.setattr(git, "MOST_BYTES", 1_000_000)
    commit(root / "r.git", {f"x{n}": os.urandom(400_000) for n in range(8)})
    found = look(tmp_path, f"git+{site.url('/r.git')}", net(authority, PATIENT))
    assert [f.code for f in found.findings] == ["E_TOOBIG"]


def test_where_there_is_no_git_the_next_source_is_asked(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence says what is missing."""
    monkeypatch.setattr(git, "program", lambda: None)
    found = look(tmp_path, "git+https://example.org/r.git", Net(net(authority).wire, AT))
    assert [f.code for f in found.findings] == ["E_NOGIT"] and "git" in found.findings[0].sentence
