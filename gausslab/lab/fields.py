"""The native widget of a setting, with its bounds: one for each kind of value."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from gausslab.settings import Setting


def field(setting: Setting, label: str, told: dict[str, Any]) -> Any:
    """Draw the widget.

    Args:
        setting: whose value it begins with.
        label: beside it.
        told: what every widget of Streamlit takes, such as its key.

    Returns:
        What it shows; a list of numbers as text.
    """
    choices = list(setting.table.members() if setting.table else setting.choices)
    if choices:
        return st.selectbox(label, choices, index=choices.index(setting.value), **told)
    if isinstance(setting.value, bool):
        return st.toggle(label, setting.value, **told)
    if isinstance(setting.value, tuple):
        return st.text_input(label, ", ".join(map(str, setting.value)), **told)
    if isinstance(setting.value, int):
        low, high = int(setting.low or 0), None if setting.high is None else int(setting.high)
        return st.number_input(label, low, high, setting.value, **told)
    if isinstance(setting.value, str):
        return st.text_input(label, setting.value, **told)
    low, high = float(setting.low or 0.0), None if setting.high is None else float(setting.high)
    step = 10.0 ** np.floor(np.log10(abs(setting.value))) if setting.value else 0.1
    return st.number_input(label, low, high, setting.value, step=float(step), format="%.6g", **told)
