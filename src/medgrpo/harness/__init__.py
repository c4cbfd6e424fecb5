"""MedVidBench and our models inside lmms-eval, which finds them by an entry point. The only room that imports lmms_eval."""

from medgrpo.harness.entry import manifests

__all__ = ["manifests"]
