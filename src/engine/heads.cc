// Runs of rows with the same head.
#include "engine/heads.h"

#include "base/error.h"
#include "nn/loss.h"

namespace relatum::engine {

void for_each_logits(const Worker& worker, nn::Graph& graph, const HeadRows& rows,
                     const std::function<void(int64_t, MatView<const float>)>& use) {
  const ConstMat& states = rows.states;
  RELATUM_CHECK(int64_t(rows.adapters.size()) == states.rows);
  const auto head = [&](int64_t row) { return worker.head(rows.adapters[size_t(row)]); };
  for (int64_t begin = 0; begin < states.rows;) {
    int64_t end = begin + 1;
    while (end < states.rows && head(end) == head(begin)) ++end;
    ConstMat part = states.rows_from(begin, end - begin);
    part.spare = states.rows - end + states.spare;  // rows behind it may be read
    nn::for_each_logits(graph, *head(begin), part, [&](int64_t first, MatView<const float> logits) {
      use(begin + first, logits);
    });
    begin = end;
  }
}

}  // namespace relatum::engine
