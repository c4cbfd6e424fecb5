"""What a run leaves when it is done: the weights in transformers' form, and the adapters beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medgrpo.models import Encoder
from medgrpo.policy.lora import merge_adapters, save_adapters
from medgrpo.policy.spreading import Spread
from medgrpo.policy.team import Team


def export(network: Any, encoder: Encoder, checkpoint: str, rank: int, folder: Path, spread: Spread, team: Team) -> Path:
    """`folder`/model, and `folder`/adapter where adapters of `rank` above 0 were trained; written by the first process. The network
    has its adapters merged afterwards."""
    target = folder / "model"
    with spread.gathered():
        if team.first:
            if rank:
                save_adapters(network, checkpoint, folder / "adapter")
                merge_adapters(network)
            write_model(network, encoder, checkpoint, target)
    return target


def write_model(network: Any, encoder: Encoder, checkpoint: str, target: Path) -> None:
    """The network as it lies here, whole, with all that opens it as the checkpoint was opened."""
    # not network.state_dict(): where weights lie in shares it drops what was gathered. These classes have no buffers to keep.
    weights = {name: weight.detach() for name, weight in network.named_parameters(remove_duplicate=False)}
    network.save_pretrained(target, state_dict=weights)
    encoder.tokenizer.save_pretrained(target)
    copy_processor_files(checkpoint, target)


def copy_processor_files(checkpoint: str, target: Path) -> None:
    """The files that say how pictures are cut, so that `model/` can be opened as the checkpoint was."""
    from transformers.utils.hub import cached_file

    for name in ("preprocessor_config.json", "video_preprocessor_config.json", "chat_template.jinja"):
        found = cached_file(checkpoint, name, _raise_exceptions_for_missing_entries=False)
        if found is not None and not (target / name).exists():
            (target / name).write_bytes(Path(found).read_bytes())
