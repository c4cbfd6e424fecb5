"""A model behind an endpoint that speaks OpenAI's chat completions: vLLM, SGLang, llama.cpp, the clouds."""

from __future__ import annotations

import asyncio
import base64
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

from medgrpo.core import InputError
from medgrpo.models.endpoint import Endpoint, Prices
from medgrpo.models.model import Completion, Failure, ModelCard, Request
from medgrpo.models.options import ModelOptions
from medgrpo.video import Image, SampledClip, Sampling, VideoWriter, encode_jpeg

_QUALITY = 92


class EndpointModel:
    """At most `concurrency` requests under way. What an endpoint does to pictures once it has them is its own affair; the card
    says how they were sent.
    """

    def __init__(self, endpoint: Endpoint, sampling: Sampling, concurrency: int, send_as: Literal["images", "video"]) -> None:
        self._endpoint, self._concurrency = endpoint, concurrency
        self._send_as: Literal["images", "video"] = send_as
        self.card = ModelCard(
            name=endpoint.name,
            backend="openai-compatible",
            revision="",
            sampling=sampling,
            details={"url": endpoint.url, "clips_sent_as": send_as, "concurrency": str(concurrency)},
        )

    async def generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        """See Model. Waiting for answers needs threads, not processors: one for each request under way."""
        loop = asyncio.get_running_loop()
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="endpoint")
        try:
            return list(await asyncio.gather(*(loop.run_in_executor(pool, self._one, request) for request in requests)))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # after a refused key nothing more is sent

    def _one(self, request: Request) -> Completion | Failure:
        try:
            messages = chat_messages(request, self._send_as)
        except InputError as error:
            return Failure(str(error), lasting=True)
        settings: dict[str, Any] = {"max_tokens": request.max_new_tokens, "temperature": request.temperature}
        if request.temperature > 0:
            settings["seed"] = request.seed
        return self._endpoint.ask(messages, settings)


def open_endpoint(url: str, options: ModelOptions) -> EndpointModel:
    """InputError when the address or the model's name is missing. Nothing is asked before the first request.

    Uses of the options: endpoint_model, those of sampling, concurrency, timeout_seconds, send_video_as, price_in, price_out.
    """
    if not options.endpoint_model:
        raise InputError(f"{url}: give the model's name there with --model-name")
    if (options.price_in is None) != (options.price_out is None):
        raise InputError("the prices of prompt and reply belong together: give both or neither")
    prices = None if options.price_in is None or options.price_out is None else Prices(options.price_in, options.price_out)
    endpoint = Endpoint(url, options.endpoint_model, options.timeout_seconds, prices=prices)
    return EndpointModel(endpoint, options.sampling(), options.concurrency, options.send_video_as)


def chat_messages(request: Request, send_as: Literal["images", "video"]) -> list[dict[str, Any]]:
    """The conversation: system turn, examples, question; each clip before its question."""
    messages: list[dict[str, Any]] = []
    if request.system:
        messages.append({"role": "system", "content": request.system})
    for shot in request.shots:
        messages.append({"role": "user", "content": _content(shot.prompt, shot.clip, send_as)})
        messages.append({"role": "assistant", "content": shot.reply})
    messages.append({"role": "user", "content": _content(request.prompt, request.clip, send_as)})
    return messages


def _content(prompt: str, clip: SampledClip | None, send_as: Literal["images", "video"]) -> str | list[dict[str, Any]]:
    if clip is None:
        return prompt
    shown = [_picture(clip.images[0])] if clip.still else _pictures(clip) if send_as == "images" else _film(clip)
    return [*shown, {"type": "text", "text": prompt}]


def _picture(image: Image) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": _data("image/jpeg", encode_jpeg(image, _QUALITY))}}


def _pictures(clip: SampledClip) -> list[dict[str, Any]]:
    """Each frame after its time, as Qwen3-VL writes it: an endpoint that is sent pictures cannot know their times otherwise."""
    parts: list[dict[str, Any]] = []
    for seconds, image in zip(clip.seconds, clip.images, strict=True):
        parts.append({"type": "text", "text": f"<{seconds:.1f} seconds>"})
        parts.append(_picture(image))
    return parts


def _film(clip: SampledClip) -> list[dict[str, Any]]:
    """An MP4 whose frame k is picture k, at the clip's nominal rate."""
    height, width = clip.images[0].shape[:2]
    with tempfile.TemporaryDirectory(prefix="medgrpo-") as folder:
        path = Path(folder) / "clip.mp4"
        with VideoWriter(path, width, height, clip.frames_per_second) as writer:
            for image in clip.images:
                writer.write(image)
        return [{"type": "video_url", "video_url": {"url": _data("video/mp4", path.read_bytes())}}]


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
