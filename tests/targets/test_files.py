"""Data from files: each kind, and one sentence for each way in which a file can be wrong."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gausslab import datasets
from gausslab.errors import BadInput
from gausslab.targets import from_bytes, from_file, from_points, from_values, parse
from gausslab.targets.limits import MAX_UPLOAD_BYTES

VALUES = [3.5, -1.0, 2.25, 1e-3]


def npy(array, allow_pickle=False):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=allow_pickle)
    return stream.getvalue()


def parquet(**columns):
    stream = io.BytesIO()
    pd.DataFrame(columns).to_parquet(stream)
    return stream.getvalue()


def png(pixels, mode=None):
    stream = io.BytesIO()
    Image.fromarray(pixels, mode).save(stream, "PNG")
    return stream.getvalue()


LINES = "".join(f"{value}\n" for value in VALUES)
GOOD = {
    "one.csv": ("v\n" + LINES).encode(),
    "no_header.csv": LINES.encode(),
    "words.csv": ("name,v\n" + "".join(f"a,{value}\n" for value in VALUES)).encode(),
    "semicolon.csv": ("name; v\n" + "".join(f"a; {value}\n" for value in VALUES)).encode(),
    "bom.csv": ("v\r\n" + LINES.replace("\n", "\r\n") + "\r\n\r\n").encode("utf-8-sig"),
    "tabs.tsv": ("a\tv\n" + "".join(f"x y\t{value}\n" for value in VALUES)).encode(),
    "plain.txt": LINES.encode(),
    "one.parquet": parquet(v=VALUES, name=list("abcd")),
    "one.npy": npy(np.array(VALUES)),
    "column.npy": npy(np.array(VALUES)[:, None]),
    "single.npy": npy(np.array(VALUES, dtype=np.float64).astype(">f8")),
    "fields.npy": npy(np.array([(value, "a") for value in VALUES], dtype=[("v", "f8"), ("name", "U3")])),
}


@pytest.mark.parametrize("name", GOOD)
def test_the_only_column_of_numbers_is_taken_and_survives_the_round_trip(name, tmp_path):
    (tmp_path / name).write_bytes(GOOD[name])
    target = from_file(tmp_path / name)
    np.testing.assert_array_equal(target.sample, np.sort(VALUES))
    np.testing.assert_array_equal(parse(target.text).sample, target.sample)
    np.testing.assert_array_equal(parse(f'data("{name}")', folder=tmp_path).sample, target.sample)
    np.testing.assert_array_equal(from_bytes(GOOD[name], name).sample, target.sample)
    assert "(4 values)" in target.label


def test_several_columns_want_a_name(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text('a,"b ""quoted"""\n1,4\n2,5\n3,7\n')
    with pytest.raises(BadInput, match=r'choose one of a, b "quoted"\.$'):
        from_file(path)
    target = from_file(path, 'b "quoted"')
    assert target.label == 'b "quoted" (3 values)'
    np.testing.assert_array_equal(parse(target.text).sample, [4, 5, 7])
    np.testing.assert_array_equal(parse("data('two.csv', column='a')", folder=tmp_path).sample, [1, 2, 3])


def test_columns_of_a_plain_array_are_counted_from_one():
    content = npy(np.array([[1.0, 4.0], [2.0, 5.0]]))
    np.testing.assert_array_equal(from_bytes(content, "two.npy", "2").sample, [4, 5])


def test_pixels_of_an_image_are_grey_from_zero_to_one(tmp_path):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    path = tmp_path / "ramp.png"
    path.write_bytes(png(ramp))
    np.testing.assert_allclose(from_file(path).sample, np.arange(256) / 255)
    assert from_file(path).label == "pixels of ramp.png (256 values)"
    colours = np.zeros((4, 4, 3), dtype=np.uint8)
    colours[:2] = 255
    np.testing.assert_array_equal(np.unique(from_bytes(png(colours), "c.png").sample), [0, 1])
    deep = (np.arange(4, dtype=np.uint16) * 21845).reshape(2, 2)
    np.testing.assert_allclose(from_bytes(png(deep), "d.png").sample, [0, 1 / 3, 2 / 3, 1])


def test_a_large_image_is_thinned_and_says_so():
    target = from_bytes(png(np.tile(np.arange(250, dtype=np.uint8), (1500, 6))), "large.png")
    assert "every 2th pixel of every 2th row" in target.label
    assert len(target.sample) == 750 * 750


BAD = {
    ("missing.csv", None, None): "no such file",
    ("empty.csv", b"", None): "got an empty file",
    ("blank.csv", b"\n \n", None): "blanks only",
    ("header.csv", b"a,b\n", "a"): "got none; add data",
    ("text.csv", b"v\n1\n2\nthree\n", None): "row 4 of column 'v' of 'text.csv', got 'three'",
    ("nan.csv", b"v\n1\nnan\n3\n", None): "row 3 of column 'v' of 'nan.csv', got 'nan'",
    ("inf.csv", b"v,w\n1,a\n-inf,b\n3,c\n", "v"): "row 3 .*got '-inf'",
    ("hole.csv", b"v,w\n1,a\n,b\n3,c\n", "v"): "row 3 .*an empty cell",
    ("words.csv", b"v,w\na,b\nc,d\n", None): "a column of numbers .*got none among v, w",
    ("ragged.csv", b"v,w\n1,2\n1,2,3\n", "v"): "2 cells in row 3 .*got 3",
    ("same.csv", b"v\n1\n1\n1\n", None): "at least 2 distinct values, got 3 values that are all 1",
    ("one.csv", b"v\n1\n", None): "at least 2 distinct values, got 1 value",
    ("column.csv", b"height,width\n1,2\n3,4\n", "hight"): "out of height, width, got 'hight'; did you mean height",
    ("latin.csv", "é\n1\n2\n".encode("latin-1"), None): "UTF-8",
    ("binary.csv", bytes(range(256)) * 4, None): "UTF-8",
    ("zeros.csv", b"\0" * 100, None): "got|fault",
    ("quote.csv", b'v\n"1\n2\n', None): "expected",
    ("large.csv", b"1\n" * (MAX_UPLOAD_BYTES // 2 + 1), None): "at most 10 MB of text",
    ("corrupt.parquet", b"PAR1 not a parquet file PAR1", None): "Arrow cannot read",
    ("cut.parquet", GOOD["one.parquet"][:-30], None): "Arrow cannot read",
    ("hole.parquet", parquet(v=[1.0, None, 3.0]), None): "row 2 .*",
    ("words.parquet", parquet(v=["a", "b"]), None): "got none among v",
    ("words.parquet", parquet(v=["a", "b"]), "v"): "expected numbers in column 'v'",
    ("two.parquet", parquet(v=[1, 2], w=[1, 2]), None): "choose one of v, w",
    ("column.parquet", parquet(v=[1, 2]), "w"): "out of v, got 'w'",
    ("corrupt.npy", b"\x93NUMPY\x01\x00 rubbish", None): "expected an NPY file",
    ("short.npy", GOOD["one.npy"][:-8], None): "32 bytes",
    ("pickled.npy", npy(np.array([1, "a", None], dtype=object), allow_pickle=True), None): "never opened",
    ("words.npy", npy(np.array(["a", "b"])), None): "expected numbers .*<U1",
    ("cube.npy", npy(np.zeros((2, 2, 2))), None): "one or two dimensions",
    ("two.npy", npy(np.zeros((2, 2))), None): "choose one of 1, 2",
    ("nan.npy", npy(np.array([1, np.nan])), None): "nan as value 2 of 2",
    ("column.npy", GOOD["one.npy"], "v"): "expected no column",
    ("corrupt.png", b"\x89PNG\r\n\x1a\n rubbish", None): "Pillow cannot read",
    ("cut.png", png(np.arange(256, dtype=np.uint8).reshape(16, 16))[:-60], None): "Pillow cannot read",
    ("flat.png", png(np.zeros((4, 4), dtype=np.uint8)), None): "16 values that are all 0",
    ("column.png", png(np.zeros((4, 4), dtype=np.uint8)), "red"): "expected no column",
    ("program.exe", b"MZ", None): "a file ending in .csv",
    ("nothing", b"1\n2\n", None): "a file ending in .csv",
}


@pytest.mark.parametrize("case", BAD, ids=lambda case: f"{case[0]}-{case[2]}")
def test_every_bad_file_gets_one_sentence(case, tmp_path):
    name, content, column = case
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput) as error:
        from_file(tmp_path / name, column)
    sentence = str(error.value)
    assert "\n" not in sentence
    assert re.match(r"^['A-Z].*; .*\.$", sentence), sentence
    assert re.search(BAD[case], sentence, re.IGNORECASE), sentence


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(BadInput, match="got a folder"):
        from_file(tmp_path)


def test_a_huge_header_allocates_nothing():
    content = npy(np.zeros(4)).replace(b"(4,)", b"(99999999999999,)"[:4])
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }".ljust(117) + b"\n"
    bomb = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + content[-32:]
    with pytest.raises(BadInput, match="799,999,999,999,992 bytes"):
        from_bytes(bomb, "bomb.npy")


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        ([1, float("nan")], r"^Values: expected finite .* nan as value 2 of 2; .*\.$"),
        ([1, "two", 3], r"got 'two' as value 2"),
        ([1, None, 3], r"value 2"),
        ([[1], [2, 3]], r"expected plain numbers"),
        ([], r"got 0 values"),
        ([5, 5], r"all 5"),
        ("abc", r"expected plain numbers, got 'abc'"),
        (np.array([1 + 2j, 3]), r"expected plain numbers"),
        (np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]"), r"expected plain numbers"),
        (np.zeros(1_000_001), r"at most 1,000,000 values, got 1,000,001"),
        (object(), r"expected plain numbers"),
    ],
)
def test_every_bad_array_gets_one_sentence(values, pattern):
    with pytest.raises(BadInput, match=pattern):
        from_values(values)


def test_arrays_of_any_kind_of_number_are_data():
    for values in ([True, False], np.array([[1, 2], [3, 4]], dtype=np.int8), (1.5, 2), np.float32([1, 2])):
        assert from_values(values).sample.dtype == np.float64


@pytest.mark.parametrize(
    ("x", "y"),
    [([0, 1], [1]), ([0, 1], [1, -1]), ([0, np.inf], [1, 1]), ([], []), ([0, "a"], [1, 1]), ([0, 0], [1, 1])],
)
def test_every_bad_curve_gets_one_sentence(x, y):
    with pytest.raises(BadInput, match=r"^Drawn curve: expected .*; .*\.$"):
        from_points(x, y)


def test_packaged_data_are_whole():
    assert set(datasets.DATASETS) == {"faithful", "galaxies"}
    waiting, galaxies = datasets.load("faithful"), datasets.load("galaxies")
    assert (len(waiting), waiting[0], waiting[1]) == (272, 79, 54)
    assert (len(galaxies), galaxies[0]) == (82, 9172)
    assert datasets.load("faithful", "eruption_minutes")[0] == 3.6
    assert parse("dataset(faithful)").mean == pytest.approx(70.897, abs=1e-3)
    for name, dataset in datasets.DATASETS.items():
        for column in dataset.columns:
            assert len(datasets.load(name, column)) > 80
    with pytest.raises(BadInput, match="did you mean galaxies"):
        datasets.load("galaxy")
    with pytest.raises(BadInput, match="did you mean waiting_minutes"):
        datasets.load("faithful", "waiting")
