"""The live lab: a Streamlit page around a canvas on which a run plays while it is being trained.

`session` owns the run and knows nothing of Streamlit; `protocol` is what it and the stage (JavaScript) say to each
other; `page` has the widgets; `start` serves it all.
"""
