"""What Streamlit runs for each visitor."""

from gausslab.lab.page import page
from gausslab.lab.start import welcome

if welcome():
    page()
