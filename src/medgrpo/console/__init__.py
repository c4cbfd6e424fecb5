"""The console: a web page that people in the operating room read, and where they answer. Needs the extra `serve`."""

from medgrpo.console.app import make_app
from medgrpo.console.people import NoUsers, Role, User, Users
from medgrpo.console.serving import serve
from medgrpo.console.settings import DEFAULT_PORT, Settings

__all__ = ["DEFAULT_PORT", "NoUsers", "Role", "Settings", "User", "Users", "make_app", "serve"]
