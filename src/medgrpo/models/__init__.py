"""Video-language models behind one protocol; one file per backend. With `training` the only room that may import torch."""

from medgrpo.models.model import Completion, Failure, Model, ModelCard, Request, Turn
from medgrpo.models.scripted import ScriptedModel

__all__ = ["Completion", "Failure", "Model", "ModelCard", "Request", "ScriptedModel", "Turn"]
