"""What can go wrong when a portal is put out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from commons.errors import CommonsError, InputError
from commons.messages import N_


@dataclass(eq=False)
class AnotherPublisher(InputError):
    """Two at once would race for `current`."""

    path: str
    template: ClassVar[str] = N_("Somebody else is publishing into {path} right now.")
    hint_template: ClassVar[str] = N_("Wait until that is done, then try again.")


@dataclass(eq=False)
class NotAPublishFolder(InputError):
    """The target is a file, or has a `current` that is not ours."""

    path: str
    template: ClassVar[str] = N_("Nothing can be published into {path}: something else is there.")
    hint_template: ClassVar[str] = N_("Name a folder that is empty, or one that commons publish made.")


@dataclass(eq=False)
class NoFolderHere(CommonsError):
    """This system (Windows) has neither the links nor the locks by which versions are swapped."""

    path: str
    template: ClassVar[str] = N_("This computer's system cannot publish into a folder: {path} was not made.")
    hint_template: ClassVar[str] = N_(
        "Publish on Linux or macOS (on Windows: in WSL). To look at a pool here: commons serve pool.db"
    )


@dataclass(eq=False)
class NothingEarlier(InputError):
    """There is no version before the one that is shown."""

    path: str
    template: ClassVar[str] = N_("{path} has no earlier version to go back to.")
    hint_template: ClassVar[str] = N_("Publish again from a pool with commons publish folder.")


@dataclass(eq=False)
class PublishFailed(CommonsError):
    """The disk is full, or does not allow it; what was shown before is still shown."""

    path: str
    reason: str
    template: ClassVar[str] = N_("The new version could not be written to {path}: {reason}.")
    hint_template: ClassVar[str] = N_(
        "What was shown before is still shown. Make room, or look at who may write there."
    )
