"""A federated knowledge commons: catalogues, releases, a pool, a portal."""

__version__ = "0.1.0"
