"""TRL's GRPOTrainer on the benchmark's model: still images, as it has no video. Its own code, with clocks around it."""

# transformers and trl leave many of their own types open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUntypedBaseClass=false, reportPrivateImportUsage=false
from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from PIL import Image
from transformers import ProcessorMixin, Qwen2VLImageProcessorPil
from trl import GRPOConfig, GRPOTrainer

from medgrpo.bench.grpo_model import Case, Model, Watch, peak_bytes, pictures, saved_bytes


class StillProcessor(ProcessorMixin):
    """Qwen2.5-VL's processor without its video half, whose class needs torchvision."""

    return_mm_token_type_ids = True

    def __init__(self, image_processor: Any = None, tokenizer: Any = None, chat_template: str | None = None) -> None:
        self.image_token = "<|image_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        super().__init__(image_processor, tokenizer, chat_template=chat_template)

    def replace_image_token(self, image_inputs: dict[str, Any], image_idx: int, **options: Any) -> str:
        del options
        return self.image_token * int(image_inputs["image_grid_thw"][image_idx].prod() // self.image_processor.merge_size**2)


class Clocked(GRPOTrainer):
    """Clocks around its stages; the loss's memory in the last step."""

    watch: Watch
    saved: int
    prompt_tokens: int
    measured_step: int

    def _tokenize_prompts(self, prompts: list[Any]) -> Any:
        with self.watch.timed("preprocess"):
            found = super()._tokenize_prompts(prompts)
        self.prompt_tokens = len(found[0][0])
        return found

    def _generate_single_turn(self, *given: Any, **named: Any) -> Any:
        with self.watch.timed("rollout"):
            return super()._generate_single_turn(*given, **named)

    def _calculate_rewards(self, *given: Any, **named: Any) -> Any:
        with self.watch.timed("scoring"):
            return super()._calculate_rewards(*given, **named)

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        with self.watch.timed("collect"):
            return super()._generate_and_score_completions(inputs)

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any) -> Any:
        started = time.process_time()
        loss = super().training_step(model, inputs, num_items_in_batch)
        self.watch.seconds.setdefault("step", []).append(time.process_time() - started)
        return loss

    def _compute_loss(self, model: Any, inputs: Any) -> Any:
        if self.state.global_step != self.measured_step:
            return super()._compute_loss(model, inputs)
        found: list[Any] = []
        self.saved = saved_bytes(model, lambda: found.append(super(Clocked, self)._compute_loss(model, inputs)))
        return found[0]


def measure_trl(model: Model, case: Case, out: Path) -> dict[str, Any]:
    """Seconds of each stage, least over rounds; bytes kept for the backward pass of a step that is not timed."""
    tokenizer: Any = model.encoder.tokenizer
    processor = StillProcessor(
        Qwen2VLImageProcessorPil.from_pretrained(model.folder), tokenizer, chat_template=tokenizer.chat_template
    )
    images = [Image.fromarray(image) for image in pictures(model, case.pictures)]
    prompt = [{"role": "user", "content": "What happens?"}]
    data = Dataset.from_list([{"prompt": prompt, "images": images} for _ in range(4)])
    options = GRPOConfig(
        output_dir=str(out),
        per_device_train_batch_size=case.group,
        num_generations=case.group,
        max_completion_length=case.answer_tokens,
        max_steps=case.rounds + 2,
        learning_rate=1e-6,
        beta=0.0,
        epsilon=0.2,
        epsilon_high=0.3,
        activation_checkpointing=False,
        bf16=False,
        use_cpu=True,
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        remove_unused_columns=False,
        seed=case.seed,
        generation_kwargs={"min_new_tokens": case.answer_tokens, "suppress_tokens": list(model.encoder.vision.all)},
    )

    def reward(completions: list[Any], **columns: Any) -> list[float | None]:
        del columns
        return [float(place % 3) for place in range(len(completions))]

    trainer = Clocked(model=model.network, reward_funcs=reward, args=options, train_dataset=data, processing_class=processor)
    trainer.watch, trainer.saved, trainer.prompt_tokens, trainer.measured_step = Watch(), 0, 0, case.rounds + 1
    before = peak_bytes()
    torch.set_num_threads(case.threads)
    trainer.train()
    watch = trainer.watch
    count = case.rounds + 1
    collect, step = watch.seconds["collect"][:count], watch.seconds["step"][:count]
    seconds = {
        "preprocess": watch.seconds["preprocess"][:count],
        "rollout": watch.seconds["rollout"][:count],
        "scoring": watch.seconds["scoring"][:count],
        "collect": collect,
        "update": [whole - part for whole, part in zip(step, collect, strict=True)],
        "step": step,
    }
    return {
        "seconds": Watch(seconds).least(),
        "saved_bytes": trainer.saved,
        "peak_growth_bytes": peak_bytes() - before,
        "prompt_tokens": trainer.prompt_tokens,
    }
