"""Other engines, on the same vectors and the same words, each in its own process: `python -m benchmarks.peers.NAME WORKFOLDER`.

A peer's module is its build and its search; the loop around them is the same for all. All of them fuse the first 200 of both halves by reciprocal
ranks and show 20, build with two threads and answer with one. What is not installed is reported as that.

fused         two rankings into one
measured      the loop: build, open, warm up, time, compare with the exact answers
lists         vectors in lists around centres, by FAISS: the half that two peers share
floor         the bare parts: FAISS and bm25s, one after the other
faiss_tantivy FAISS and tantivy
zvec          zvec, an embedded engine with both halves in one
txtai         txtai, embeddings database
pgvector      PostgreSQL: pgvector and tsvector
milvus_lite   Milvus Lite
"""

NAMES = ("floor", "faiss_tantivy", "zvec", "txtai", "pgvector", "milvus_lite")
