"""Several videos one after another; one that fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from medgrpo.analysis.help import NO_HELP, Help
from medgrpo.analysis.progress import ProgressListener, silent
from medgrpo.analysis.run import AnalysisResult, analyze
from medgrpo.analysis.settings import AnalysisOptions, Existing
from medgrpo.analysis.stop import never
from medgrpo.core import InputError, Interrupted, MedgrpoError
from medgrpo.perception import Perceiver

SUFFIX = ".medgrpo"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one video: its result, or the error that stopped it."""

    path: Path
    out_dir: Path
    result: AnalysisResult | None
    error: MedgrpoError | None


def output_folders(paths: Sequence[Path], out: Path | None) -> dict[Path, Path]:
    """Where each video's results go: `out` itself for one video, a folder in `out` (or here) named for each of several.

    InputError when a video is given twice or two would share a folder.
    """
    if len(paths) == 1 and out is not None:
        return {paths[0]: out}
    folders: dict[Path, Path] = {}
    for path in paths:
        folder = (out or Path()) / f"{path.resolve().stem}{SUFFIX}"
        if folder in folders.values():
            raise InputError(f"{path}: its results would go to {folder}, as would another video's: analyse it by itself with --out")
        folders[path] = folder
    return folders


def analyze_batch(
    folders: dict[Path, Path],
    options: AnalysisOptions,
    perceiver: Perceiver,
    progress: ProgressListener = silent,
    *,
    existing: Existing = Existing.REFUSE,
    stop: Callable[[], bool] = never,
    help: Help = NO_HELP,
) -> tuple[Outcome, ...]:
    """Analyse every video; an error that medgrpo raises on purpose is kept with its video. Interrupted stops the batch."""
    outcomes: list[Outcome] = []
    for path, out_dir in folders.items():
        try:
            result = analyze(path, out_dir, options, perceiver, progress, existing=existing, stop=stop, help=help)
        except Interrupted:
            raise
        except MedgrpoError as error:
            outcomes.append(Outcome(path, out_dir, None, error))
        else:
            outcomes.append(Outcome(path, out_dir, result, None))
    return tuple(outcomes)
