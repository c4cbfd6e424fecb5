"""What to change in a recipe that does not fit: one change after the other, mildest first, until it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from medgrpo.policy.planning.shape import Recipe
from medgrpo.policy.recipe import GrpoRecipe

Changed = tuple[str, Recipe]
_ROLLOUT = {"prompts_kept": 0, "prompts_together": 1}


def advised(recipe: Recipe, device_bytes: int, peak: Callable[[Recipe], int], prompt: int, budget: int) -> list[tuple[str, int]]:
    """Each change with the bytes that the recipe then needs at most, all before it included; one that saves nothing is left out.

    `prompt`: tokens of the longest; `budget`: of an answer.
    """
    now, found = peak(recipe), list[tuple[str, int]]()
    for words, change in _changes(recipe, prompt, budget):
        if now <= device_bytes:
            break
        changed = change(recipe)
        if (then := peak(changed)) < now:
            recipe, now = changed, then
            found.append((words, now))
    return found


def _changes(recipe: Recipe, prompt: int, budget: int) -> list[tuple[str, Callable[[Recipe], Recipe]]]:
    frozen = ["vision"] if isinstance(recipe, GrpoRecipe) else ["tower", "projector"]
    changes: list[tuple[str, Callable[[Recipe], Recipe]]] = []
    if isinstance(recipe, GrpoRecipe):
        changes.append(("rollout.engine = `network` (no second copy of the weights)", _setter("rollout", engine="network")))
        changes += [(f"rollout.{name} = {least}", _setter("rollout", **{name: least})) for name, least in _ROLLOUT.items()]
    changes.append(("model.gradient_checkpointing = true", _setter("model", gradient_checkpointing=True)))
    if isinstance(recipe, GrpoRecipe):
        least = prompt + budget
        changes += [
            (f"update.most_packed_tokens = {least} (one answer at a time)", _setter("update", most_packed_tokens=least)),
            ("update.kl = 0 (no reference model)", _setter("update", kl=0.0)),
        ]
    else:
        changes.append(
            (f"batch.most_packed_tokens = {prompt + budget} (one sample)", _setter("batch", most_packed_tokens=prompt + budget))
        )
    changes.append((f"model.frozen with {' and '.join(frozen)}", lambda one: _frozen(one, frozen)))
    if not recipe.model.lora_rank and "language" not in recipe.model.frozen:
        head = {"head"}
        changes.append(
            ("model.lora_rank = 16, and head frozen", lambda one: _setter("model", lora_rank=16)(_frozen(one, sorted(head))))
        )
    return changes


def _frozen(recipe: Recipe, names: list[str]) -> Recipe:
    return _setter("model", frozen=tuple(dict.fromkeys([*recipe.model.frozen, *names])))(recipe)


def _setter(table: str, **values: Any) -> Callable[[Recipe], Recipe]:
    def change(recipe: Recipe) -> Recipe:
        held: Mapping[str, Any] = {table: getattr(recipe, table).model_copy(update=values)}
        return recipe.model_copy(update=held)

    return change
