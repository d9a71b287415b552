// One pass per batch, without padding.
#include "engine/read_states.h"

#include <algorithm>

#include "base/signals.h"
#include "engine/classify.h"
#include "engine/not_finite.h"
#include "tensor/finite.h"

namespace relatum::engine {
namespace {

// `each` states behind one another are a row.
template <class T>
void copy_states(MatView<T> states, size_t each, MatView<float> out) {
  for (int64_t i = 0; i < states.rows; ++i) {
    float* to = out.row(i / int64_t(each)) + i % int64_t(each) * states.cols;
    for (int64_t k = 0; k < states.cols; ++k) to[k] = to_float(states.row(i)[k]);
  }
}

void read_batch(Worker& worker, std::span<const StateRow> rows, MatView<float> out) {
  const SignalsHeld held;
  nn::TokenBatch batch(worker.model().info().causal);
  nn::Graph graph = worker.graph();
  const Mat states = graph.value(states_read(worker, rows, batch, graph));
  if (states.type == DType::kBF16) copy_states(states.as<bf16>(), rows[0].read.size(), out);
  else copy_states(states.as<float>(), rows[0].read.size(), out);
  for (int64_t i = 0; i < out.rows; ++i) {
    if (!all_finite({out.row(i), size_t(out.cols)})) {
      fail_not_finite(worker, rows[size_t(i)].tokens);
    }
  }
}

}  // namespace

Matrix<float> read_states(Worker& worker, std::span<const StateRow> rows, int64_t batch_tokens,
                          const Context& context) {
  const int64_t each = rows.empty() ? 1 : int64_t(rows[0].read.size());
  Matrix<float> states(int64_t(rows.size()), each * worker.model().info().width);
  int64_t done = 0;
  for_each_batch(rows, 0, batch_tokens, context, [&](auto batch) {
    read_batch(worker, batch, states.view().rows_from(done, int64_t(batch.size())));
    done += int64_t(batch.size());
    context.report({"embedding", double(done), double(rows.size()), "sentences", ""});
  });
  if (done == states.rows()) return states;
  Matrix<float> some(done, states.cols());
  for (int64_t i = 0; i < done; ++i) std::copy_n(states.row(i), states.cols(), some.row(i));
  return some;
}

}  // namespace relatum::engine
