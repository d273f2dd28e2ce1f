"""What can go wrong with a catalogue as a file or as a store; sentences only, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from commons.errors import CommonsError, InputError
from commons.messages import N_


@dataclass(eq=False)
class CatalogueMissing(InputError):
    """There is no file of this name."""

    path: Path
    template: ClassVar[str] = N_("There is no catalogue {path}.")
    hint_template: ClassVar[str] = N_("Check the name and the folder, or make a new one with: commons init")


@dataclass(eq=False)
class CatalogueExists(InputError):
    """A new catalogue would overwrite a file."""

    path: Path
    template: ClassVar[str] = N_("{path} is already there; nothing was changed.")
    hint_template: ClassVar[str] = N_("Choose another name, or work with the one that is there.")


@dataclass(eq=False)
class NotACatalogue(InputError):
    """The file is something else."""

    path: Path
    template: ClassVar[str] = N_("{path} is not a catalogue of this program.")
    hint_template: ClassVar[str] = N_(
        "A spreadsheet or list comes into a catalogue with: commons import. A new catalogue: commons init"
    )


@dataclass(eq=False)
class NewerCatalogue(InputError):
    """A later version of the program has written this file."""

    path: Path
    version: str
    template: ClassVar[str] = N_(
        "{path} was made by a newer version of this program ({version}); it was not touched."
    )
    hint_template: ClassVar[str] = N_("Install the newer version and open it again.")


@dataclass(eq=False)
class DamagedCatalogue(CommonsError):
    """SQLite cannot read the file as it is."""

    path: Path
    template: ClassVar[str] = N_("{path} is damaged and cannot be read completely.")
    hint_template: ClassVar[str] = N_(
        "Keep the file as it is, and bring back the newest good copy with: commons backup --restore"
    )


@dataclass(eq=False)
class CatalogueInUse(CommonsError):
    """Somebody else kept the file locked for too long."""

    path: Path
    template: ClassVar[str] = N_("{path} is being written by another program right now.")
    hint_template: ClassVar[str] = N_("Close the other program, or wait a moment and try again.")


@dataclass(eq=False)
class CatalogueNotWritable(CommonsError):
    """The file, its folder or the disk does not take what was to be written."""

    path: Path
    reason: str
    template: ClassVar[str] = N_("{path} could not be written ({reason}); nothing was changed.")
    hint_template: ClassVar[str] = N_(
        "Make room on the disk, or copy the folder to a place where you may write."
    )


@dataclass(eq=False)
class UnknownType(InputError):
    """The schema has no such record type."""

    type: str
    template: ClassVar[str] = N_("«{type}» is not a type of record.")
    hint_template: ClassVar[str] = N_("commons list --types shows them all.")


@dataclass(eq=False)
class NoSuchRecord(InputError):
    """The catalogue holds no record of this type and id."""

    type: str
    id: str
    template: ClassVar[str] = N_("There is no record {type}/{id} in this catalogue.")
    hint_template: ClassVar[str] = N_("commons list shows the records; commons list WORD looks for some.")


@dataclass(eq=False)
class OwnRecord(InputError):
    """The record that says whose catalogue this is stays."""

    template: ClassVar[str] = N_("This record says whose catalogue it is; it cannot be taken out.")
    hint_template: ClassVar[str] = N_("Change it with: commons edit catalogue/catalogue")


@dataclass(eq=False)
class WithdrawnForGood(InputError):
    """The address was withdrawn; it can never be used again."""

    type: str
    id: str
    template: ClassVar[str] = N_("{type}/{id} was withdrawn for good; its address cannot be used again.")
    hint_template: ClassVar[str] = N_("Make a new record; it gets an address of its own.")


@dataclass(eq=False)
class NothingToUndo(InputError):
    """No step is left that could be undone."""

    template: ClassVar[str] = N_("There is nothing to undo.")
    hint_template: ClassVar[str] = N_("commons history shows what was done, step by step.")


@dataclass(eq=False)
class NothingToRedo(InputError):
    """The last act was not an undo."""

    template: ClassVar[str] = N_("There is nothing to redo.")
    hint_template: ClassVar[str] = N_(
        "Only what was undone last can be done again: commons history shows it."
    )


@dataclass(eq=False)
class NoSuchStep(InputError):
    """The history has no step of this number."""

    step: int
    template: ClassVar[str] = N_("There is no step {step} in the history.")
    hint_template: ClassVar[str] = N_("commons history shows the steps with their numbers.")


@dataclass(eq=False)
class ChangedSince(InputError):
    """Everything a step did was changed again later, so undoing it would lose newer work."""

    step: int
    template: ClassVar[str] = N_("Step {step} cannot be undone: what it did was changed again later.")
    hint_template: ClassVar[str] = N_("Undo the later steps first; commons history shows them.")


@dataclass(eq=False)
class AlreadyShared(InputError):
    """A withdrawal has left with a release; a signed word cannot be taken back."""

    step: int
    template: ClassVar[str] = N_("What step {step} withdrew was already shared; that is final.")
    hint_template: ClassVar[str] = N_("Make a new record; it gets an address of its own.")


@dataclass(eq=False)
class OtherCatalogue(InputError):
    """A backup belongs to another catalogue than the one it should replace."""

    path: Path
    template: ClassVar[str] = N_("{path} is a copy of another catalogue; nothing was changed.")
    hint_template: ClassVar[str] = N_("Choose a copy of this catalogue; commons backup --list shows them.")
