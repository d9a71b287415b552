"""Exact inner-product search with faiss-cpu; `make` writes the vectors that both sides search."""

import argparse
import importlib.metadata
import json
import resource
import time

import faiss
import numpy


def make(options):
    """Random vectors of length one, and queries near some of them."""
    random = numpy.random.default_rng(1)
    rows = random.standard_normal((options.rows, options.dimension), dtype=numpy.float32)
    rows /= numpy.linalg.norm(rows, axis=1, keepdims=True)
    index = faiss.IndexFlatIP(options.dimension)
    index.add(rows)
    faiss.write_index(index, options.vectors)
    near = rows[random.choice(options.rows, options.queries, replace=False)]
    near = near + 0.05 * random.standard_normal(near.shape, dtype=numpy.float32)
    numpy.save(options.queries_file, near / numpy.linalg.norm(near, axis=1, keepdims=True))


def search(options):
    faiss.omp_set_num_threads(options.threads)
    index, queries = faiss.read_index(options.vectors), numpy.load(options.queries_file)
    index.search(queries[:16], 1)
    begin = time.perf_counter()
    similarities, rows = index.search(queries, 1)
    seconds = time.perf_counter() - begin
    if not numpy.isfinite(similarities).all():
        raise SystemExit("a similarity is not finite")
    print(json.dumps({"peer": "faiss_search", "queries_per_s": len(queries) / seconds,
                      "seconds": seconds, "rows": rows[:, 0].tolist(), "threads": options.threads,
                      "versions": {"faiss-cpu": importlib.metadata.version("faiss-cpu")},
                      "peak_rss_bytes":
                          resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=["make", "search"])
    parser.add_argument("vectors", help="FAISS's file")
    parser.add_argument("queries_file", help=".npy")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    (make if options.work == "make" else search)(options)


if __name__ == "__main__":
    main()
