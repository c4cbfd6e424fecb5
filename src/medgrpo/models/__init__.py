"""Video-language models behind one protocol; one file per backend. Only it, `training` and `policy` may import torch.

Importing this door imports neither torch nor transformers: what needs them imports them when it is called.
"""

from medgrpo.models.batch import collate
from medgrpo.models.batching import batches
from medgrpo.models.chat import Encoder, open_encoder
from medgrpo.models.encoded import Encoded, VisionTokens
from medgrpo.models.endpoint import Endpoint, Prices, check_listening
from medgrpo.models.family import Family, family_of
from medgrpo.models.halving import halve
from medgrpo.models.model import Completion, Failure, Model, ModelCard, Request, Turn
from medgrpo.models.nano import build_nano
from medgrpo.models.options import ModelOptions
from medgrpo.models.positions import PositionRule, positions_of_runs, rope_positions
from medgrpo.models.preprocess import Patches, VideoForm, patchify, pictures_of
from medgrpo.models.registry import BACKENDS, Backend, open_model
from medgrpo.models.scripted import ScriptedModel
from medgrpo.models.shipping import SHIPPED, Shipped
from medgrpo.models.tiny import TINY_KINDS, TinyKind, build_tiny
from medgrpo.models.vllm_request import LEAVE_PICTURES, import_vllm, vllm_tokens
from medgrpo.models.whole_folder import new_folder

__all__ = [
    "BACKENDS",
    "LEAVE_PICTURES",
    "SHIPPED",
    "TINY_KINDS",
    "Backend",
    "Completion",
    "Encoded",
    "Encoder",
    "Endpoint",
    "Failure",
    "Family",
    "Model",
    "ModelCard",
    "ModelOptions",
    "Patches",
    "PositionRule",
    "Prices",
    "Request",
    "ScriptedModel",
    "Shipped",
    "TinyKind",
    "Turn",
    "VideoForm",
    "VisionTokens",
    "batches",
    "build_nano",
    "build_tiny",
    "check_listening",
    "collate",
    "family_of",
    "halve",
    "import_vllm",
    "new_folder",
    "open_encoder",
    "open_model",
    "patchify",
    "pictures_of",
    "positions_of_runs",
    "rope_positions",
    "vllm_tokens",
]
