"""From a request to token ids: the checkpoint's own chat template, its clips' pads counted out, its times written in.

Equal to what transformers' processors give for the same pictures and times; how each family writes a clip is in `family`.
"""

# transformers leaves many of its own types open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import numpy as np

from medgrpo.core import InputError, MissingExtra, ModelError
from medgrpo.models.encoded import TEXT, Encoded, Ids, VisionTokens
from medgrpo.models.family import Family, family_of
from medgrpo.models.model import Request
from medgrpo.models.preprocess import Patches, patchify
from medgrpo.models.quiet import quiet_loading
from medgrpo.models.shipping import check_name
from medgrpo.video import SampledClip

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Encoder:
    """Requests to `Encoded` for one checkpoint. Safe to share between threads as far as its tokenizer is."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, family: Family) -> None:
        self.tokenizer = tokenizer
        self.family = family
        self._template = _video_template() if family.whole_frames else None  # None: the checkpoint's own
        self._cut: WeakKeyDictionary[SampledClip, Patches] = WeakKeyDictionary()
        words = family.dialect
        still = None if words.image_pad is None else self._id(words.image_pad)
        self.vision = VisionTokens(self._id(words.start), self._id(words.end), still, self._id(words.pad))
        self.end_of_turn = self._id(words.end_of_turn)
        self._places = re.compile("|".join(re.escape(word) for word in (words.place, words.image_pad) if word))
        self._special = re.compile("|".join([r"<\|[a-z_]+\|>", *map(re.escape, (words.start, words.end, words.pad, words.place))]))

    def encode(self, request: Request) -> Encoded:
        """The prompt up to where the reply begins. InputError for a prompt that is too long (with the room its reply needs), holds
        words of vision, or whose clip has the wrong size; it is never cut.
        """
        text, clips = self.render(request)
        return self._fitting(request, self._encoded(request.key, text, [self._patches(clip) for clip in clips]))

    def encode_cut(self, request: Request, cut: Sequence[Patches]) -> Encoded:
        """The same with these patches in place of the request's clips: for counting tokens without reading pictures."""
        text, _ = self.render(request)
        return self._fitting(request, self._encoded(request.key, text, list(cut)))

    def _fitting(self, request: Request, encoded: Encoded) -> Encoded:
        needed = len(encoded.token_ids) + request.max_new_tokens
        if needed > self.family.most_tokens:
            raise InputError(
                f"{request.key}: {len(encoded.token_ids)} tokens of prompt and {request.max_new_tokens} for the reply are more "
                f"than the model's {self.family.most_tokens}; sample fewer or smaller frames"
            )
        return encoded

    def render(self, request: Request) -> tuple[str, list[SampledClip]]:
        """The conversation in the checkpoint's own template, up to where the reply begins, with one pad for each of its clips.

        Templates that open a stretch of thinking (Qwen3.5) are told not to: a benchmark's budget is that of its answers.
        """
        messages, clips = self._messages(request)
        text = self.tokenizer.apply_chat_template(
            messages, chat_template=self._template, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return cast(str, text), clips

    def reply_ids(self, reply: str) -> Ids:
        """A reply's tokens with the end of its turn: what training teaches. InputError when it holds special words."""
        self._refuse_special("the reply", reply)
        ids = cast("list[int]", self.tokenizer(reply, add_special_tokens=False)["input_ids"])
        return np.array([*ids, self.end_of_turn], dtype=np.int64)

    def decode(self, ids: Sequence[int] | Ids) -> str:
        """The text of reply tokens, special words left out."""
        return cast(str, self.tokenizer.decode([int(one) for one in ids], skip_special_tokens=True))

    def _patches(self, clip: SampledClip) -> Patches:
        """Each clip is cut once, however many questions are asked about it, and forgotten with it."""
        form = self.family.still if clip.still else self.family.form
        if form is None:
            raise InputError(f"a single picture cannot be shown to {self.family.model_type} here, clips can")
        if clip not in self._cut:
            self._cut[clip] = patchify(clip, form)
        return self._cut[clip]

    def _messages(self, request: Request) -> tuple[list[dict[str, Any]], list[SampledClip]]:
        messages: list[dict[str, Any]] = []
        clips: list[SampledClip] = []
        if request.system:
            self._refuse_special(request.key, request.system)
            messages.append({"role": "system", "content": self._text(request.system)})
        for prompt, clip, reply in [(one.prompt, one.clip, one.reply) for one in request.shots] + [
            (request.prompt, request.clip, "")
        ]:
            self._refuse_special(request.key, prompt + reply)
            text = {"type": "text", "text": prompt}
            shown = [] if clip is None else [{"type": "image" if clip.still else "video"}]
            messages.append({"role": "user", "content": [*shown, text]})
            clips.extend([] if clip is None else [clip])
            if reply:
                messages.append({"role": "assistant", "content": self._text(reply)})
        return messages, clips

    def _text(self, text: str) -> str | list[dict[str, str]]:
        """A turn without a clip: SmolVLM's template knows only turns of parts."""
        return [{"type": "text", "text": text}] if self.family.whole_frames else text

    def _encoded(self, key: str, text: str, clips: list[Patches]) -> Encoded:
        dialect = self.family.dialect
        pieces, places = self._places.split(text), self._places.findall(text)
        if places != [dialect.image_pad if clip.still else dialect.place for clip in clips]:
            raise ModelError(
                f"{key}: the chat template gave {len(places)} places ({' '.join(places)}) for {len(clips)} clips; it is not one "
                "for video, or not for images"
            )
        written, runs = pieces[0], list[int]()
        for clip, piece, place in zip(clips, pieces[1:], places, strict=True):
            shown, lengths = (place, [clip.tokens]) if clip.still else dialect.write(clip)
            written += shown + piece
            runs += lengths
        ids = np.array(self.tokenizer(written, add_special_tokens=False)["input_ids"], dtype=np.int64)
        repeats = np.ones_like(ids)
        repeats[self.vision.types_of(ids) != TEXT] = runs
        ids = np.repeat(ids, repeats)
        return Encoded(ids, self.vision.types_of(ids), tuple(clips), self.vision, len(ids))

    def _refuse_special(self, key: str, text: str) -> None:
        found = self._special.search(text)
        if found:
            raise InputError(f"{key}: the text holds {found[0]!r}, a word that steers the model; take it out")

    def _id(self, word: str) -> int:
        number = self.tokenizer.convert_tokens_to_ids(word)
        if not isinstance(number, int) or self.tokenizer.convert_ids_to_tokens(number) != word:
            raise ModelError(f"{self.tokenizer.name_or_path}: its tokenizer has no {word}; give a Qwen video-language model")
        return number


def open_encoder(name: str) -> Encoder:
    """The encoder of a folder or hub name. ModelError when it is not there or no video-language model that we can encode,
    InputError for a name that is neither."""
    check_name(name)
    try:
        from transformers import AutoConfig, AutoTokenizer
    except ModuleNotFoundError as error:
        raise MissingExtra("a local video-language model", "models", error.name or "transformers") from error
    try:
        with quiet_loading():
            config = AutoConfig.from_pretrained(name)
            family = family_of(name, config.to_dict())
            return Encoder(AutoTokenizer.from_pretrained(name), family)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{name}: cannot be opened as a model folder or hub name: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _video_template() -> str:
    """The template that transformers puts in place of SmolVLM's own where there is a video."""
    from transformers.models.smolvlm.processing_smolvlm import DEFAULT_CHAT_TEMPLATE

    return DEFAULT_CHAT_TEMPLATE
