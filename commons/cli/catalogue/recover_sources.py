"""Where `commons keys recover` looks: files, folders, portals, addresses on the net. Proves nothing.

A portal serves the newest release of each of its members, so who has nothing but the 24 words still has that.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from commons.cli.terminal.output import now
from commons.federation.policy import links
from commons.federation.sources.fetching import Net, Question, ask
from commons.federation.sources.web import Kept
from commons.federation.sources.wire import Wire

_RELEASES = ("current/releases", "releases")  # in a published folder, and in one version of it
_MEMBER_PAGE = re.compile(r"(?P<portal>.+/)(?:es/miembro|en/member)/(?P<member>[a-z2-7]{26})(?:\.json|/)?")


@contextmanager
def at_hand(sources: Sequence[str]) -> Iterator[list[Path]]:
    """The sources as paths; what lies on the net is fetched, and gone again after the block.

    Raises NotALink, NotFetched, FormatError.
    """
    with ExitStack() as stack:
        paths: list[Path] = []
        for source in sources:
            if links.scheme_of(source) is None:
                paths.append(Path(source))
                continue
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="commons-recover-")))
            paths += _fetched(source, scratch / "release")
        yield paths


def _fetched(source: str, scratch: Path) -> tuple[Path, ...]:
    """What is at a release's own address, or is served of the member whose page on a portal is named."""
    page = _MEMBER_PAGE.fullmatch(source.strip())
    link = links.parse(page["portal"] if page else source.strip())

    def unknown(digest: str) -> bool:
        return False

    # whoever types an address may mean a portal on this computer or in this house
    question = Question(link, page["member"] if page else "", True, Kept(), unknown, unknown)
    return ask(Net(Wire(), now()), question, scratch).paths


def files(sources: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Each file or release's folder, and whether it was named itself."""
    for source in sources:
        if not source.is_dir() or (source / "release.json").exists():
            yield source, True
            continue
        for folder in (source, *(source / name for name in _RELEASES)):
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if not path.name.startswith(".") and (path.is_file() or (path / "release.json").exists()):
                    yield path, False
