// A pass with a look behind each layer, then a look at the weights of the layer that was found.
#include "engine/not_finite.h"

#include <fmt/format.h>

#include <functional>

#include "base/error.h"
#include "base/printable.h"
#include "kernels/rows.h"
#include "nn/loss.h"
#include "quant/format.h"
#include "tensor/buffer.h"
#include "tensor/finite.h"

namespace relatum::engine {
namespace {

bool finite(ConstMat values) {
  Matrix<float> row(1, values.cols);
  for (int64_t r = 0; r < values.rows; ++r) {
    kernels::convert(values.rows_from(r, 1), row.view());
    if (!all_finite({row.row(0), size_t(values.cols)})) return false;
  }
  return true;
}

bool finite(const Weight& weight) {
  Matrix<float> row(1, weight.cols);
  for (int64_t r = 0; r < weight.rows; ++r) {
    quant::decode_rows(weight, r, row.view());
    if (!all_finite({row.row(0), size_t(weight.cols)})) return false;
  }
  return true;
}

bool finite(const nn::LoraGroup& lora) {
  if (!finite(lora.a) || !all_finite(lora.column_scale)) return false;
  for (const nn::LoraPart& part : lora.parts) {
    if (!finite(part.b)) return false;
  }
  return true;
}

// What of a linear is not finite; empty where all is.
std::string bad_part(const nn::Linear& linear, const nn::LoraSet* adapter) {
  for (const nn::Linear::Part& part : linear.parts()) {
    if (!finite(part.weight)) {
      return fmt::format("tensor '{}' holds such values. Fetch the model again, or make it again",
                         printable_start(part.weight.name));
    }
  }
  const nn::LoraGroup* pairs = adapter ? adapter->of(linear) : nullptr;
  if (pairs && !finite(*pairs)) {
    return fmt::format(
        "the adapter's numbers for '{}' are not finite. Train it again, with a "
        "smaller --lr",
        linear.parts()[0].name);
  }
  return "";
}

int64_t layers_of(const arch::Model& model) {
  return model.info().encoder_layers + model.info().layers;
}

// What a pass over one row gives, looked at behind each layer.
struct Pass {
  std::optional<int64_t> first;  // layer whose values are not finite; -1: the embedding
  Mat states;
};

Pass run(Worker& worker, nn::Graph& graph, std::span<const int32_t> row,
         const nn::LoraSet* adapter) {
  const arch::ModelInfo& info = worker.model().info();
  Pass pass;
  const std::function<void(int64_t, Mat)> probe = [&](int64_t layer, Mat values) {
    if (!pass.first && !finite(values)) pass.first = layer;
  };
  nn::TokenBatch batch(info.causal);
  const int root = batch.root();
  if (info.encoder_layers > 0) {
    batch.read_source(root, batch.add_source(row));
    row = {&info.decoder_start, 1};
  }
  batch.append(root, row);
  batch.finish();
  arch::ForwardOptions options;
  options.probe = &probe;
  options.adapter = adapter;
  pass.states = graph.value(worker.model().forward(graph, batch, options));
  return pass;
}

// A head's product with states that are finite.
bool head_is_finite(const nn::Linear* head, nn::Graph& graph, Mat states) {
  bool good = true;
  if (head && head->in() == states.cols) {  // a classifier reads two states at once
    nn::for_each_logits(graph, *head, states, [&](int64_t, MatView<const float> logits) {
      for (int64_t r = 0; r < logits.rows; ++r) {
        good = good && all_finite({logits.row(r), size_t(logits.cols)});
      }
    });
  }
  return good;
}

// Of values that no matrix brings: whether the adapter makes them so large. Needs the arena.
std::string too_large(Worker& worker, std::span<const int32_t> row, const nn::LoraSet* adapter) {
  bool by_adapter = false;
  if (adapter) {
    nn::Graph graph = worker.graph();
    const Pass base = run(worker, graph, row, nullptr);
    by_adapter = !base.first && head_is_finite(worker.model().head(), graph, base.states);
  }
  const bool rounded = worker.session().products() != DType::kF32;
  return fmt::format("the numbers became too large on their way{}{}",
                     by_adapter ? ", and without the adapter they do not. Train it again, with a "
                                  "smaller --lr or --alpha"
                                : "",
                     !rounded     ? ""
                     : by_adapter ? ", or try --compute f32"
                                  : ". Try --compute f32");
}

// The layer's own weights, or nothing that could be seen there.
std::string cause(Worker& worker, int64_t layer, std::span<const int32_t> row,
                  const nn::LoraSet* adapter) {
  const auto linears = worker.model().linears();
  const bool inside = layer >= 0 && layer < layers_of(worker.model());
  const auto [begin, end] = inside ? worker.model().linears_of_layer(layer)
                                   : std::pair<size_t, size_t>();
  for (size_t i = begin; i < end; ++i) {
    const std::string bad = bad_part(*linears[i], adapter);
    if (!bad.empty()) return bad;
  }
  return "the matrices there are finite, so " + too_large(worker, row, adapter);
}

std::string place(int64_t layer, int64_t layers) {
  if (layer < 0) return "in the rows of the embedding";
  if (layer >= layers) return "behind the last norm";
  return fmt::format("in layer {} of {}", layer + 1, layers);
}

// Whose table of embeddings it is that holds such values.
std::string bad_embedding(const nn::LoraSet* adapter) {
  const auto bad = [](const Weight* own) { return own && !finite(*own); };
  if (adapter && (bad(adapter->embedding) || bad(adapter->source_embedding))) {
    return "the adapter's own one holds such values. Train it again, with a smaller --lr";
  }
  return "it holds such values. Fetch the model again, or make it again";
}

std::string bad_head(Worker& worker, const nn::Linear& head, std::span<const int32_t> row,
                     const nn::LoraSet* adapter) {
  const std::string bad = bad_part(head, nullptr);
  if (bad.empty()) return "its weights are finite, so " + too_large(worker, row, adapter);
  if (&head == worker.model().head()) return bad;
  return "the adapter's own one holds such values. Train it again, with a smaller --lr";
}

}  // namespace

std::optional<std::string> first_not_finite(Worker& worker, std::span<const int32_t> row,
                                            size_t adapter) {
  const nn::LoraSet* own = worker.adapter(adapter);
  const nn::Linear* head = worker.head(adapter);
  nn::Graph graph = worker.graph();
  const Pass pass = run(worker, graph, row, own);
  if (!pass.first) {
    if (head_is_finite(head, graph, pass.states)) return std::nullopt;
    return "begin in the output head: " + bad_head(worker, *head, row, own);
  }
  return fmt::format("begin {}: {}", place(*pass.first, layers_of(worker.model())),
                     *pass.first < 0 ? bad_embedding(own) : cause(worker, *pass.first, row, own));
}

void fail_not_finite(Worker& worker, std::span<const int32_t> row, size_t adapter) {
  const std::string path = worker.model().info().path;
  const auto found = first_not_finite(worker, row, adapter);
  if (found) {
    fail("engine.finite",
         fmt::format("{}: values that are not finite (NaN or infinite) {}.", path, *found));
  }
  fail("engine.finite", fmt::format("{}: a row of {} tokens gives values that are not finite (NaN "
                                    "or infinite) in its batch, though not alone. Try --compute "
                                    "f32, or other --batch-tokens.",
                                    path, row.size()));
}

}  // namespace relatum::engine
