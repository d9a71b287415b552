// Sums over the model's shapes, and a short measurement.
#include "train/estimate.h"

#include <algorithm>
#include <vector>

#include "base/stopwatch.h"
#include "kernels/cpu.h"
#include "kernels/gemm.h"
#include "kernels/integers.h"
#include "kernels/optimizer.h"
#include "nn/shared_beginnings.h"
#include "tensor/buffer.h"
#include "train/pass_memory.h"
#include "train/span_training.h"

namespace relatum::train {
namespace {

// oneDNN's compiled products, the buffers it blocks matrices in, the threads' stacks: what the
// measured peaks (bench/memory.py) have beyond everything counted here.
constexpr int64_t kLibraries = 52 << 20;

std::vector<const nn::Linear*> all_linears(const arch::Model& model) {
  auto linears = model.linears();
  if (model.head()) linears.push_back(model.head());
  return linears;
}

// A table of its own for the words read, of the head's form: its rows are read as they are needed.
int64_t embedding_bytes(const arch::Model& model, const Trainable& trained) {
  if (trained.trains_weights()) return 0;  // it lies among the trained values
  if (!model.info().own_head) return 0;
  return int64_t(model.head()->parts()[0].weight.data.size());
}

// Bytes of the weights' stored form, or of those alone that lie in a mapped file.
int64_t stored_bytes(const arch::Model& model, bool mapped_alone) {
  int64_t bytes = 0;
  for (const nn::Linear* linear : all_linears(model)) {
    for (const nn::Linear::Part& part : linear->parts()) {
      if (part.weight.mapped || !mapped_alone) bytes += int64_t(part.weight.data.size());
    }
  }
  return bytes;
}

// What is there before the first step, with the file's pages that come in as they are read. Kept
// weights have read theirs when they were decoded.
int64_t before_training(const arch::Model& model, const Trainable& trained, DType compute,
                        int64_t held_bytes) {
  int64_t resident = 0;
  for (const nn::Linear* linear : all_linears(model)) resident += int64_t(linear->resident_bytes());
  if (held_bytes > 0) {
    return held_bytes + embedding_bytes(model, trained) +
           (resident ? 0 : stored_bytes(model, true));
  }
  if (trained.trains_weights()) return resident + int64_t(trained.values().size()) * 4;
  const int64_t copies = compute == DType::kF32 ? 0 : int64_t(size_of(compute));
  return resident + stored_bytes(model, false) + embedding_bytes(model, trained) +
         int64_t(trained.values().size()) * (4 + copies);
}

// Weights packed a second time, for the backward pass, where they are kept. Both copies lie among
// what was there before; the measured peaks (bench/memory.py) have up to 2 % of them more.
int64_t backward_weights(const arch::Model& model) {
  constexpr int64_t kBetween = 40;  // a byte in so many
  int64_t bytes = 0;
  for (const nn::Linear* linear : all_linears(model)) {
    const int64_t twice = 2 * linear->out() * linear->in() * int64_t(size_of(linear->compute()));
    const int64_t there = int64_t(linear->resident_bytes());
    if (there && !linear->keeps_plain()) {
      bytes += std::max<int64_t>(0, twice - there) + twice / kBetween;
    }
  }
  return bytes;
}

// The largest of the weights that are not packed; oneDNN blocks copies of its own.
int64_t blocked_weight(const arch::Model& model) {
  int64_t most = 0;
  for (const nn::Linear* linear : model.linears()) {
    if (linear->resident_bytes() && !linear->keeps_plain()) continue;
    most = std::max(most, linear->out() * linear->in() * int64_t(size_of(linear->compute())));
  }
  return most;
}

// What all passes of a run have in common.
struct Passes {
  const arch::Model& model;
  const nn::LoraSet *adapter, *texts;  ///< that of passes over texts, too
  DType compute;

  // The head's weights that an answer's state meets, or a span.
  const nn::Linear& reader(bool of_spans) const {
    const nn::LoraSet* set = of_spans ? texts : adapter;
    return set && set->head ? *set->head : *model.head();
  }
};

// Beside the pass through the model.
int64_t pairs_beside(const SpanReader* reader, DType compute, int64_t words, int64_t pairs,
                     bool training) {
  return reader && reader->pairs ? pair_arena(*reader->pairs, compute, {words, pairs, training})
                                 : 0;
}

// What a run computes, over all epochs.
struct Work {
  int64_t steps = 0, micro_batches = 0;
  int64_t tokens = 0, source_tokens = 0, answers = 0, spans = 0, pairs = 0;
  int64_t arena = 0;  // of the largest micro-batch
};

Work work_of(const Passes& passes, const SpanReader* reader, std::span<const TrainRow> rows,
             const EstimateOptions& options) {
  Work work;
  for (int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    for (const StepRows& step : plan_epoch(rows, options.batch, options.seed, epoch)) {
      ++work.steps;
      for (const StepRows& micro : micro_batches(rows, step, options.batch)) {
        const TrainBatch built = build_batch(rows, micro, options.batch);
        const int64_t sources = built.batch.source_size();
        ++work.micro_batches;
        work.tokens += built.batch.size() + sources;
        work.source_tokens += sources;
        (built.spans.empty() ? work.answers : work.spans) += int64_t(built.targets.size());
        PassSize size = size_of_pass(passes.model.info(), built.batch,
                                     int64_t(built.predicting.size()));
        size.spans = int64_t(built.spans.size());
        const nn::LoraSet* set = size.spans ? passes.texts : passes.adapter;
        work.pairs += int64_t(built.pairs.size());
        work.arena = std::max(work.arena, training_arena(passes.model, set, passes.compute,
                                                         options.checkpoint, size) +
                                              pairs_beside(reader, passes.compute, size.predicting,
                                                           int64_t(built.pairs.size()), true));
      }
    }
  }
  return work;
}

// Weights that are trained themselves. In a step, of each number: gradients are zeroed and squared
// (8 bytes), AdamW reads value, gradient and moments and writes all but the gradient (28). Of a
// linear's, too: in a step its values are brought to the products' type; in a micro-batch each of
// the two passes reads them and lays them out anew, and the gradient is added up in f32.
double moved_bytes(const arch::Model& model, const Trainable& trained, DType compute,
                   const Work& work) {
  if (!trained.trains_weights()) return 0;
  constexpr double kUpdate = 8 + 28, kAdded = 8;
  const double size = double(size_of(compute));
  double linear = 0;
  for (const nn::Linear* each : all_linears(model)) linear += double(each->in() * each->out());
  const double refreshed = compute == DType::kF32 ? 0 : 4 + size;
  return double(work.steps) * (kUpdate * double(trained.values().size()) + refreshed * linear) +
         double(work.micro_batches) * (kAdded + 2 * 3 * size) * linear;
}

// Of one token, forward and backward: where it is the decoder's, and where it is an encoder's.
struct Operations {
  double own = 0, source = 0;
};

// Forward and backward a weight takes 2 + 2 operations, and what is trained takes its own.
Operations operations(const arch::Model& model, const Trainable& trained) {
  const auto sources = model.source_linears();
  Operations result;
  for (const nn::Linear* linear : model.linears()) {
    double& sum = std::count(sources.begin(), sources.end(), linear) ? result.source : result.own;
    sum += 4 * double(linear->in() * linear->out());
    for (const nn::Linear::Part& part : linear->parts()) sum += trained.operations(part);
  }
  return result;
}

struct Evaluation {
  int64_t arena = 0, cache = 0;
};

// Of prompts like the training rows': a beginning that all share is kept in a cache, and so is what
// an encoder made of a batch's. No token is more than a word that `widest` spans begin with.
Evaluation evaluation(const Passes& passes, const SpanReader* reader,
                      std::span<const TrainRow> rows, int64_t tokens, int64_t widest) {
  if (tokens <= 0) return {};
  const arch::ModelInfo& info = passes.model.info();
  int64_t longest = 0;
  std::vector<std::span<const int32_t>> prompts;
  bool texts = false, others = false;
  double pairs = 0;  // of a token, at most
  for (const TrainRow& row : rows) {
    pairs = std::max(pairs, double(row.pairs.size()) / double(row.tokens.size()));
    longest = std::max(longest, int64_t(row.tokens.size()));
    (row.has_spans() ? texts : others) = true;
    prompts.emplace_back(row.tokens.data(), size_t(row.prompt_length));
  }
  int64_t cached = prompts.size() > 1 ? nn::common_beginning(prompts) : 0;
  if (info.encoder_layers > 0) cached = std::max(tokens, longest);
  PassSize size = size_of_rows(info, std::max(tokens, longest), longest);
  int64_t arena = 0;
  if (others) arena = scoring_arena(passes.model, passes.adapter, passes.compute, size);
  size.spans = size.predicting * widest;
  if (texts) {
    arena = std::max(arena, scoring_arena(passes.model, passes.texts, passes.compute, size));
    arena += pairs_beside(reader, passes.compute, size.predicting,
                          int64_t(pairs * double(size.predicting)), false);
  }
  const int64_t bytes = int64_t(size_of(passes.compute));
  return {arena, 2 * info.layers * cached * info.kv_heads * info.head_size * bytes};
}

}  // namespace

Estimate estimate(const arch::Model& model, const Trainable& trained, DType compute,
                  std::span<const TrainRow> rows, const EstimateOptions& options) {
  Estimate result;
  const nn::LoraSet* adapter = trained.adapter();
  const Passes passes{model, adapter, trained.spans() ? &trained.spans()->set : adapter, compute};
  const Work work = work_of(passes, trained.spans(), rows, options);
  const Evaluation between = evaluation(passes, trained.spans(), rows, options.evaluation_tokens,
                                        options.batch.widest);
  double answers = 0;
  for (const bool of_spans : {false, true}) {
    const int64_t count = of_spans ? work.spans : work.answers;
    if (count == 0) continue;
    const nn::Linear& reader = passes.reader(of_spans);
    answers += double(count) *
               (4 * double(reader.in() * reader.out()) + trained.operations(reader.parts()[0]));
  }
  if (work.pairs > 0) {
    const nn::Linear& reader = trained.spans()->pairs->output;
    answers += double(work.pairs) *
               (4 * double(reader.in() * reader.out()) + trained.operations(reader.parts()[0]));
  }
  const int64_t numbers = int64_t(trained.values().size());
  const Operations of_token = operations(model, trained);
  result.tokens = work.tokens;
  result.flops = double(work.tokens - work.source_tokens) * of_token.own +
                 double(work.source_tokens) * of_token.source + answers;
  result.moved_bytes = moved_bytes(model, trained, compute, work);
  // Gradients and two moments; the best values so far where there is an evaluation.
  const int64_t optimiser = numbers * 4 * (options.evaluation_tokens > 0 ? 4 : 3);
  // Three copies are what fits the measured peaks (bench/memory.py); nobody counted oneDNN's own.
  result.memory_bytes = before_training(model, trained, compute, options.held_bytes) +
                        backward_weights(model) + optimiser + std::max(work.arena, between.arena) +
                        between.cache + 3 * blocked_weight(model) + kLibraries;
  result.memory_bytes = std::max(result.memory_bytes, options.peak_bytes);
  result.disk_bytes = numbers * 4 * 5;
  return result;
}

std::optional<EstimateOptions> fit_memory(const arch::Model& model, const Trainable& trained,
                                          DType compute, std::span<const TrainRow> rows,
                                          EstimateOptions options, int64_t budget) {
  constexpr int64_t kLeastTokens = 64;  // at once; products of fewer rows are slow
  int64_t& micro = options.batch.micro_tokens;
  micro = std::min(micro, options.batch.batch_tokens);
  const auto fits = [&] {
    return estimate(model, trained, compute, rows, options).memory_bytes <= budget;
  };
  if (fits()) return options;
  options.checkpoint = true;
  while (!fits()) {
    if (micro <= kLeastTokens) return std::nullopt;
    micro = std::max(kLeastTokens, micro / 2);
  }
  return options;
}

double measure_gemm_rate(DType compute) {
  constexpr int64_t kRows = 2048, kOut = 1536, kIn = 576;
  const bool integers = compute == DType::kI8;
  const DType type = integers ? kernels::compute_type("int8") : compute;
  Buffer a(size_t(kRows * kIn) * size_of(type)), b(size_t(kOut * kIn) * sizeof(float)),
      c(size_t(kRows * kOut) * size_of(type));
  a.zero();
  b.zero();
  const Mat x{a.data(), type, kRows, kIn}, y{c.data(), type, kRows, kOut};
  kernels::IntegerWeights codes;
  kernels::PackedMatrix packed;
  if (integers) {
    codes = kernels::IntegerWeights({b.as<float>(), kOut, kIn});
  } else {
    packed = kernels::PackedMatrix({b.data(), type, kOut, kIn}, true);
  }
  Arena arena;
  double best = 1e9;
  for (int i = 0; i < 12; ++i) {
    const Stopwatch watch;
    if (integers) {
      codes.multiply(x, y, {}, {}, arena);
    } else {
      kernels::gemm({.a = x, .c = y, .packed = &packed});
    }
    best = std::min(best, watch.seconds());
  }
  return 2.0 * kRows * kOut * kIn / best;
}

double measure_memory_rate(int64_t numbers) {
  constexpr int64_t kMost = int64_t{4} << 20;  // 64 MB in four arrays
  const auto size = size_t(std::clamp<int64_t>(numbers, 1, kMost));
  std::vector<float> value(size), grad(size), m(size), v(size);
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const Stopwatch watch;
    kernels::adamw({0.001f, 0.9f, 0.999f, 1e-8f, 0, 1, 1, 1}, value, grad, m, v);
    best = std::min(best, watch.seconds());
  }
  return 28.0 * double(size) / best;
}

}  // namespace relatum::train
