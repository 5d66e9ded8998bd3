"""The live lab: `streamlit run app.py`."""

from gausslab.cache import keep_programs
from gausslab.lab.start import settle, welcome

keep_programs()
settle()

from gausslab.lab.page import page  # noqa: E402 (JAX reads where to keep its programs when it is imported)

if welcome():
    page()
