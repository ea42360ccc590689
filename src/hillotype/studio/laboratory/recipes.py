"""Recipes that can be trained: those in the folder `recipes` here, and those of the package and its studies."""

from __future__ import annotations

import tomllib
from pathlib import Path

import hillotype
from hillotype.studio.laboratory.runs import identify
from hillotype.studio.laboratory.schemas import RecipeState
from hillotype.studio.problems import Refusal

_PACKAGE = Path(hillotype.__file__).parent
_FOLDERS = (Path("recipes"), _PACKAGE / "train" / "recipes", _PACKAGE / "studies" / "recipes")


def list_recipes(*, pictures: bool) -> list[RecipeState]:
    """Returns all recipes that can be read; `pictures` tells whether there are some for those that name none."""
    return [state for path, name in _all() if (state := _state(path, name, pictures))]


def find_recipe(id: str) -> Path:
    """Returns the file of a recipe.

    Raises:
        Refusal: there is none of that id.
    """
    for path, _ in _all():
        if identify(path) == id:
            return path
    raise Refusal(404, "This recipe is not here any more; look at the list again.")


def _all() -> list[tuple[Path, str]]:
    """Each recipe's file and name: those here first."""
    return [
        (path.resolve(), path.relative_to(root).with_suffix("").as_posix())
        for root in _FOLDERS
        for path in sorted(root.rglob("*.toml"))
    ]


def _state(path: Path, name: str, pictures: bool) -> RecipeState | None:
    try:
        recipe = tomllib.loads(path.read_text("utf-8"))
        data = [str(source["name"]) for source in recipe["data"].get("sources", ())]
        return RecipeState(
            id=identify(path),
            name=name,
            summary=str(recipe.get("summary", "")),
            task=str(recipe["task"]["name"]),
            model=str(recipe["model"]["name"]),
            data=data,
            ready=pictures or bool(data),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
