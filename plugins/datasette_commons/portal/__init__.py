"""The public's pages. Reads a pool through `commons.pool`; never writes, never opens a catalogue."""
