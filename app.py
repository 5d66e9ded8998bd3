"""The live lab: `streamlit run app.py`."""

from streamlit import App

from gausslab import process
from gausslab.lab.start import SCRIPT, below, opening, settle

process.begin()
settle()

from gausslab.lab.wire import routes  # noqa: E402 (JAX reads where to keep its programs when it is imported)

app = App(SCRIPT, routes=routes(below()), lifespan=opening)
