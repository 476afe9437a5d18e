"""Facts: what cannot be recomputed, and how it comes in.

The line of a record: file → rows → record or refusal with line and reason → store.

Read in this order; a file imports only from those above it.

errors        what goes wrong, told to the person it happens to
vocabulary    closed lists: a code and its Chinese label; industries and regions from `vocabularies/`
metrics       indicators 技术指标, read from words
records       Achievement and Demand: one definition, from which tables, headings, answers and pages derive
cells         a cell's text to a field's value, or the reason why not
headings      which field a column heading means
sheets        CSV, XLSX and JSON lines as rows
tables        the database's tables, derived from the records
database      connecting, and bringing the tables up to date (`migrations/`)
store         records and the order in which they changed: every change has its revision
intake        the line of a record, from files into the store

`samples/` is the sample library: achievements, demands and judged pairs written for Duijie; its organisations are invented.
"""
