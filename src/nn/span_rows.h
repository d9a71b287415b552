// Spans of a text as rows: what a classifier of spans computes of their first and last words.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/graph.h"
#include "nn/linear.h"

namespace relatum::nn {

/// A span by the rows of its first and its last word's states.
struct SpanPlace {
  int32_t first = 0, last = 0;
  int32_t words() const { return last - first + 1; }
};

/// How many spans of at most `widest` words a text of so many words has.
int64_t count_spans(int64_t words, int64_t widest);
/// The place of one of them in their order; its rows are counted from the text's first word.
int64_t span_number(int64_t words, int64_t widest, const SpanPlace& span);
/// Adds them, by their first word, then by their length. The words' states are the rows from
/// `begin` on.
void add_spans(int64_t begin, int64_t words, int64_t widest, std::vector<SpanPlace>& spans);

/// A span's scores: output(gelu(A s_first + B s_last + c[words - 1])), where s are the states of
/// its first and its last word; a length beyond c's rows has the last of them. A and B lie in one
/// linear, so they are applied once to each word, however many spans it begins or ends. The sum's
/// own bias is part of c.
struct SpanHead {
  Linear project;               ///< D to 2H: A above B; no bias
  MatView<const float> widths;  ///< c: W x H, one row for each length
  Linear output;                ///< H to C, with a bias; class 0 is no entity
  int64_t widest = 0;           ///< words of the longest span that is looked at
};

/// y[i] = x[first, :H] + x[last, H:] + c[min(words, W) - 1] for each span. x: T x 2H, c: W x H f32,
/// y: S x H of x's type. `spans` outlive the graph.
/// backward: dx[first, :H] += dy[i], dx[last, H:] += dy[i], and where the graph trains c,
/// dc[min(words, W) - 1] += dy[i]; sums in f32, in the order of the spans. This must be x's only
/// use.
Var span_rows(Graph& graph, Var x, MatView<const float> widths, std::span<const SpanPlace> spans);

/// The rows that SpanHead::output reads: S x H in the compute type. states: T x D in that type.
Var span_features(Graph& graph, const SpanHead& head, Var states, std::span<const SpanPlace> spans);

}  // namespace relatum::nn
