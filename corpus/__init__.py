"""Facts: what cannot be recomputed, and how it comes in.

The line of a record: file → rows → record or refusal with line and reason → store.

Read in this order; a file imports only from those above it.

errors        what goes wrong, told to the person it happens to
codes         a closed list: codes, their labels, and trees of them
vocabulary    the closed lists; industries and regions from `vocabularies/`
metrics       indicators 技术指标, read from words
fields        what the rest of Duijie has to know of a field
records       Achievement and Demand: one definition, from which tables, headings, answers and pages derive
amounts       numbers and amounts of money, as people write them
cells         a cell's text to a field's value, or the reason why not
headings      which field a column heading means
formulas      texts that a spreadsheet would take for formulas
packed        what a workbook unpacks to, before it is unpacked
rows          a table's lines as rows under its headings
workbooks     the worksheets of an XLSX file
sheets        CSV, XLSX and JSON lines as sheets of rows
tables/       the database's tables; those of records derive from their definition
database      connecting, and bringing the tables up to date (`migrations/`)
departures    what went, and who might see it until then
changes       what came after a revision
store         records and the order in which they changed: every change has its revision
arrivals      since which number records came in
accounts      who may sign in, and who is signed in
keys          by which systems come in, and how often they do
jobs          long work that was asked for, how far it is, and who is to be told of its end
tries         who tries too often to sign in
drafts        demands that were written and not filed yet
notices       what an account is told, seen and sent once
watches       saved searches, and the alerts that came of them
glances       what an account was last shown of a demand's matches
rounds        up to when an account has seen the queue
beats         the fields and firms that a broker looks after
disclosures   who read what is confidential, of which record, when
contact_requests  who asks to be put in touch, and which broker sees to it
refusals      rows that did not go in, in a file to be mended
intake        the line of a record, from files into the store
leaving       records out into files that an import reads again
steps         the life of a match: states, reasons, and one table of who may take which step
conflicts     what stands in the way of bringing two sides together
history       the events of a match, and where it stands: their fold
needs         what a step needs, and whether it is there
introductions  contact requests that joined a match, answered by what becomes of it
pairs         a demand and an achievement brought together, and their history
matches       everything that is done with such a pair
suggestions   what a machine proposes, where no person has decided
sight         which matches somebody sees
queue         the matches that wait for somebody, best first
figures       how matches go: funnel, time in state, reasons
pushes        which pushed matches a firm was told of
labels        what decisions say of relevance

`samples/` is the sample library: achievements, demands and judged pairs written for Duijie; its organisations are invented.
"""
