"""MedGRPO over many nodes inside verl, through the places that verl has for others' code: no fork, nothing patched in its files.

Importing this door does not import verl, which loads the modules of this room by name (`launch_arguments` says which).
"""

from medgrpo.cluster.launching import NOT_CARRIED, JudgeChoice, Nodes, launch_arguments

__all__ = ["NOT_CARRIED", "JudgeChoice", "Nodes", "launch_arguments"]
