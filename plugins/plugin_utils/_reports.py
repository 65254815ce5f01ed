# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped report: the templates in the collection's folder ``reports``.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import base64
import hashlib
import operator
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report import amounts
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.drawing import place
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.page import page_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import one_line

_REPORTS = Path(__file__).resolve().parents[2] / "reports"


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """Return the environment of the templates: all that comes from data is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_REPORTS),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    formats = (amounts.moment, amounts.duration, amounts.milliseconds, amounts.percent, amounts.p_value, amounts.calls)
    environment.filters.update({each.__name__: each for each in (*formats, place)})
    environment.globals["served_share"] = amounts.served_share
    environment.tests["contains"] = operator.contains
    return environment


def render_validation(results: Sequence[dict[str, Any]], title: str) -> str:
    """Return the page about a validation, one HTML document that needs nothing else.

    Its policy allows the one style sheet that is in it, by its hash, and nothing besides: no script, no request.

    :param results: of :func:`.results.read_results`.
    :param title: of the run.
    """
    style = (_REPORTS / "style.css").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("validation.html.j2")
        .render(
            page=page_of(results),
            title=one_line(title),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
    )
