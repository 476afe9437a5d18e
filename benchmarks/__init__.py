"""Measured: how fast, how small and how exact Duijie is, beside what a team would otherwise put together.

    passages → a library on disk → its exact answers → every engine in its own process → one table

`python -m benchmarks.run --help` runs all of it. Beside the product: nothing in `corpus`, `indexer` or `service` imports from here.
Read in this order; a file imports only from those above it.

passages      real passages to fill a library with
plausible     fields, regions, maturity and years, drawn for them; filters that keep 50 %, 5 % and 0.1 %
shelf         a library in its work folder, read
questions     short, a paragraph long, a page long
truth         the exact nearest ten, and how many of them an engine found
library       all of this put into a work folder, once
memory        what a process and its servers hold, and what a folder takes on disk
peers/        other engines on the same vectors and words, a module each
over_http     Duijie as it is served
people        brokers and firms at once, and whether anything was lost
beside_jobs   searches while a job of thousands of demands is worked on, against searches by themselves
much_at_once  thousands of demands matched, a tenth of the library imported into a running server
ours          Duijie itself
report        all results in one table
growth        how figures grow with the library, as a chart
run           the command
"""
