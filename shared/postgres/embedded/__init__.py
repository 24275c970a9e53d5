"""PostgreSQL as a child process: one directory, one server, nothing lost on a crash, nothing left behind."""

from shared.postgres.embedded.server import Server
from shared.postgres.embedded.supervisor import embedded

__all__ = ["Server", "embedded"]
