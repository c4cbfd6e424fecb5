"""One file per task of MedVidBench."""

from medgrpo.tasks.labels import next_action_labels

__all__ = ["next_action_labels"]
