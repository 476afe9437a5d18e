"""Derived: words, vectors and indexes, searching and matching. All of it can be deleted and made again from the store.

The line of a question: text → reading → words and vector → candidates under the filter → one fused score → comparisons and quotes.

Knows of the corpus its records and errors only: it is handed records, opens no database (but a cache of its own) and reads no
environment. Read in this order; a file imports only from those above it.

normalise     what counts as the same character
dictionary/   word lists of the package and of the operator: words, synonyms, small talk
thesaurus/    what people in a trade say, and what science calls it
segmenter     Chinese runs into words, by rjieba or jieba
words         our own pattern for codes, models, units and Latin, then the segmenter
hearing       which lines of the thesaurus a text speaks of
fusion        the parts of a score, their weights, and what a score means
static        a static model read with numpy
contextual    a small transformer beside it, read with numpy
encoder       texts in, unit vectors out; any sentence-transformers model, or the one in `model/`
vectors       vectors already made, by model and text
bm25          BM25 in two halves
entries       what an engine holds, the filter it is asked under, the engine's protocol
kernels       the loops over postings and vectors, compiled
neighbours    the rows nearest to a vector, by FAISS
segment       flat arrays of entries: postings, attributes, vectors
gathering     entries into segments, segments into one
base          a segment in a folder, published by renaming a pointer
scopes        the rows of a segment that pass a filter
parts         segments of which some rows have died
local         the local engine: a base and what came since
attributes    what a record can be filtered by, and how a filter is written
classes       under which classes of GB/T 4754 and of the IPC a text falls
need          the need of a demand without the story around it
reading       what was asked, understood
refining      a question turned towards what is liked
interpretations  what a language model may say of a demand, and good answers kept
talk          whether a sentence speaks of something to be solved, or is small talk
telling       what each sentence of a rambling note does
notes         a visit note split into the needs it tells of
conditions    what is said of money, time and place
drafts        a need of a note as a demand to be confirmed
interpreting  reading by a language model, where one is configured
splitting     a note split by a language model
processes     work shared out over the cores
making        entries from records, on every core
matching      from a reading to ranked records
quotes        the record's own words that speak for it
indicators    a criterion held against an indicator
comparisons   the points on which two sides are compared
index         the index of an installation: records in, ranked records out
evaluation    how good the matches are, on judged pairs
fitting       weights and bands, from judged pairs
training/     the model in `model/`, made again from public texts
"""
