"""The entry point: verl imports this module in every process, and importing it is what registers."""

from medgrpo.cluster.plugin import register

register()
