"""How well linking does on labelled sets: `python -m bench.linking`, described in docs/linking.md."""
