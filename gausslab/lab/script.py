"""What Streamlit runs for each visitor."""

from gausslab.lab.page import page

page()
