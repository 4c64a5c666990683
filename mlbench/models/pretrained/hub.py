"""Models of the hub where it cannot be reached: known in seconds; its client would try for over a minute."""

from __future__ import annotations

from mlbench.datasets.public.hub import why_unreachable


def offline_options(name: str) -> dict[str, bool]:
    """What to load a hub id with: nothing more where the hub answers, else the files that the hub's cache holds. Raises
    ConnectionError where there are none."""
    reason = why_unreachable()
    if not reason:
        return {}
    from huggingface_hub import try_to_load_from_cache

    if isinstance(try_to_load_from_cache(name, "config.json"), str):
        return {"local_files_only": True}
    raise ConnectionError(f"it is not on this machine, and the hub cannot be reached: {reason}")
