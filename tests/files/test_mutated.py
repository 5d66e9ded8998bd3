"""Two thousand files that somebody has tampered with: each is read, or refused in a sentence."""

import os
import random
import shutil
import time

import pytest

from gausslab.errors import BadInput
from gausslab.files import load, saved_runs
from gausslab.files.layout import write_manifest

FILES = ("experiment.toml", "checkpoint.safetensors", "frames.safetensors", "manifest.json", "summary.json")
MUTANTS = 400  # of each file
HEAD = 3_000  # bytes that are tampered with most: all of a text, and the headers


def _flipped(content: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(min(len(content), HEAD))] ^= 1 << chance.randrange(8)
    return bytes(content)


def _replaced(content: bytearray, chance: random.Random) -> bytes:
    place = chance.randrange(min(len(content), HEAD))
    content[place : place + chance.randint(0, 12)] = chance.randbytes(chance.randint(0, 12))
    return bytes(content)


def _digits(content: bytearray, chance: random.Random) -> bytes:
    places = [place for place in range(min(len(content), HEAD)) if chr(content[place]).isdigit()]
    for place in chance.sample(places, min(len(places), chance.randint(1, 4))):
        content[place : place + 1] = chance.choice((b"9" * 30, b"-1", b"1e400", b"0", b"nan", b'"x"', b"[]", b""))
    return bytes(content)


def _cut(content: bytearray, chance: random.Random) -> bytes:
    return bytes(content[: chance.randrange(len(content))])


def _moved(content: bytearray, chance: random.Random) -> bytes:
    place = chance.randrange(min(len(content), HEAD))
    size = chance.randint(1, 200)
    part = content[place : place + size]
    return bytes(content[:place] + part * chance.randint(2, 5) + content[place:])


def _bomb(content: bytearray, chance: random.Random) -> bytes:
    return bytes(content[: chance.randrange(len(content))]) + bytes(chance.randint(1, 2**15))


def _foreign(content: bytearray, chance: random.Random) -> bytes:
    starts = (b"\x80\x04\x95", b"PK\x03\x04", b"\x93NUMPY\x03\x00", b"PAR1", b"\xff" * 8, b"{" * 9000, b"")
    return chance.choice(starts) + chance.randbytes(chance.randint(0, 400))


MUTATIONS = (_flipped, _replaced, _digits, _cut, _moved, _bomb, _foreign)


@pytest.mark.parametrize("name", FILES)
def test_a_mutant_is_read_or_refused_in_a_sentence(shelf, name, monkeypatch):
    folder, chance = shelf / "first", random.Random(name)
    monkeypatch.setattr("pickle.Unpickler", None)
    for drawn in ("final.png", "history.parquet"):
        (folder / drawn).unlink()
    original = (folder / name).read_bytes()
    refused = 0
    for count in range(MUTANTS):
        (folder / name).write_bytes(MUTATIONS[count % len(MUTATIONS)](bytearray(original), chance))
        if name not in ("manifest.json", "summary.json") and count % 8:
            write_manifest(folder)  # as somebody would who wants it to be believed
        (listed,) = saved_runs(shelf)
        assert listed.diagnosis.isprintable() and len(listed.diagnosis) < 1000
        if name == "summary.json" and count % 20:
            continue  # which is not looked at
        try:
            run = load(folder)
        except BadInput as error:
            refused += 1
            assert str(error).isprintable() and len(str(error)) < 600, str(error)
        else:
            assert not listed.damaged and run.step >= 0
    assert refused == 0 if name == "summary.json" else refused > MUTANTS / 3


def test_a_bomb_of_zeros_is_refused_before_it_is_read(shelf):
    for name in (*FILES[:4], "data.npy"):
        shutil.copytree(shelf / "first", shelf / "bomb")
        with (shelf / "bomb" / name).open("ab") as file:
            file.truncate(2**43)  # eight terabytes of nothing
        started = time.process_time()
        if name != "data.npy":
            assert next(one for one in saved_runs(shelf) if one.name == "bomb").damaged
            with pytest.raises(BadInput, match=name):
                load(shelf / "bomb")
        else:
            load(shelf / "bomb")  # names no data: it is not opened
        assert time.process_time() - started < 1
        os.truncate(shelf / "bomb" / name, 0)
        shutil.rmtree(shelf / "bomb")
