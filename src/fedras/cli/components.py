"""``fedras methods``, ``fedras models`` and ``fedras aggregations``."""

import inspect
from typing import TYPE_CHECKING, Any

from fedras.cli.displays.output import AsJson, echo, print_json

if TYPE_CHECKING:
    from pydantic import BaseModel

    from fedras.registry import Registry


def methods(as_json: AsJson = False) -> None:
    """List the methods: which update is coded how, and by whom."""
    from fedras.methods import METHODS  # noqa: PLC0415 -- slow to import

    _show(METHODS, as_json)


def models(as_json: AsJson = False) -> None:
    """List the base models that can be trained."""
    from fedras.models import MODELS  # noqa: PLC0415 -- slow to import

    _show(MODELS, as_json)


def aggregations(as_json: AsJson = False) -> None:
    """List what the server can make of the clients' updates."""
    from fedras.aggregation import AGGREGATIONS  # noqa: PLC0415 -- slow to import

    _show(AGGREGATIONS, as_json)


def options_of(component: "type[BaseModel]") -> list[dict[str, Any]]:
    """Return name, default and description of each option of a component."""
    return [
        {"name": name, "default": field.default, "description": field.description or ""}
        for name, field in component.model_fields.items()
        if not field.is_required()
    ]


def option_lines(options: list[dict[str, Any]]) -> list[str]:
    """Return one line for each option."""
    return [f"--set {o['name']}={o['default']}  {o['description']}".rstrip() for o in options]


def _show(registry: "Registry[Any]", as_json: bool) -> None:
    found = [_describe(name, registry.get(name)) for name in registry.names()]
    if as_json:
        print_json(found)
        return
    for component in found:
        echo(f"{component['name']}: {component['summary']}")
        for line in (component["citation"], *option_lines(component["options"])):
            echo(line, indent=4)


def _describe(name: str, component: Any) -> dict[str, Any]:
    return {
        "name": name,
        "summary": (inspect.getdoc(component) or "").partition("\n")[0],
        "citation": component.citation,
        "options": options_of(component),
    }
