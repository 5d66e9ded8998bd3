"""Published figures that one dimension can reproduce, paper by paper; `gausslab reproduce` runs them.

A room for each paper, all of them in the table `gausslab.reproductions.table.REPRODUCTIONS`. docs/papers.md is written
from it.
"""
