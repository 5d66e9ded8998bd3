"""A film that plays in place."""

import base64
import re

import pytest

from figures.scenes import history, pictures
from gausslab.errors import BadInput
from gausslab.figures import Movie, film
from gausslab.figures.movie import LARGEST_MOVIE


def test_what_a_notebook_is_given_is_a_film_that_decodes(tmp_path):
    path = film(history(4), tmp_path / "a.mp4", size=(320, 180), progress=False)
    movie = Movie(path.read_bytes(), 320, 180, title='<"quoted">')
    page = movie._repr_html_()
    assert page.startswith("<video controls") and page.endswith("</video>")
    assert 'width="320"' in page and "&lt;&quot;quoted&quot;&gt;" in page
    found = re.search(r'src="data:video/mp4;base64,([^"]+)"', page)
    (tmp_path / "b.mp4").write_bytes(base64.b64decode(found[1], validate=True))
    assert len(pictures(tmp_path / "b.mp4", (320, 180))[0]) == 4
    assert movie.save(tmp_path / "c.mp4").read_bytes() == path.read_bytes()


def test_a_film_too_large_for_a_notebook_is_refused():
    with pytest.raises(BadInput, match="24 MB"):
        Movie(bytes(LARGEST_MOVIE + 1), 1, 1)


def test_a_movie_says_little_of_its_bytes():
    assert len(repr(Movie(bytes(10_000), 320, 180))) < 100
