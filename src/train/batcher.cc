// Permutation, cutting and building of batches.
#include "train/batcher.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/rng.h"
#include "nn/shared_beginnings.h"

namespace relatum::train {
namespace {

constexpr int64_t kMinShared = 16;  // tokens; less is not worth a segment of its own

std::span<const int32_t> shareable(const TrainRow& row) {
  // The prompt's last token predicts the answer, so each row keeps one of its own.
  return {row.tokens.data(), size_t(std::max<int64_t>(0, row.prompt_length - 1))};
}

// Tokens that all rows share, counted once per batch.
int64_t shared_by_all(std::span<const TrainRow> rows, const BatchOptions& options) {
  if (!options.share || rows.size() < 2) return 0;
  const auto alone = [](const TrainRow& row) { return row.classified() || row.has_spans(); };
  if (std::ranges::any_of(rows, alone)) return 0;
  std::vector<std::span<const int32_t>> views;
  for (const TrainRow& row : rows) views.push_back(shareable(row));
  const int64_t shared = nn::common_beginning(views);
  return shared >= kMinShared ? shared : 0;
}

// Rows of one group together, where its first one stands.
std::vector<StepRows> groups_of(std::span<const TrainRow> rows, std::span<const int64_t> order) {
  std::vector<StepRows> groups;
  std::unordered_map<int64_t, size_t> places;
  for (const int64_t row : order) {
    const int64_t group = rows[size_t(row)].group;
    const auto [at, added] = places.try_emplace(group < 0 ? -1 - row : group, groups.size());
    if (added) groups.emplace_back();
    groups[at->second].push_back(row);
  }
  return groups;
}

std::vector<StepRows> cut(std::span<const TrainRow> rows, std::span<const int64_t> order,
                          int64_t budget, int64_t shared) {
  std::vector<StepRows> pieces;
  int64_t tokens = 0;
  for (const int64_t row : order) {
    const int64_t cost = int64_t(rows[size_t(row)].tokens.size()) - shared;
    if (pieces.empty() || tokens + cost > budget) {
      pieces.emplace_back();
      tokens = shared;
    }
    pieces.back().push_back(row);
    tokens += cost;
  }
  return pieces;
}

}  // namespace

BatchOptions batches_of(const arch::ModelInfo& info, BatchOptions options) {
  options.causal = info.causal;
  if (info.encoder_layers == 0) return options;
  options.share = false;
  options.decoder_start = info.decoder_start;
  return options;
}

int64_t default_micro_tokens(DType compute) { return compute == DType::kF32 ? 1024 : 2048; }

int64_t automatic_batch_tokens(std::span<const TrainRow> rows, bool share, const Thinning& thinned,
                               uint64_t seed) {
  constexpr int64_t kSteps = 100, kMost = 512;
  const std::vector<int64_t> order = epoch_rows(int64_t(rows.size()), thinned, seed, 0);
  if (order.empty()) return kMost;
  const int64_t shared = shared_by_all(rows, {.share = share});
  int64_t tokens = 0;
  for (const int64_t row : order) tokens += int64_t(rows[size_t(row)].tokens.size()) - shared;
  const auto count = int64_t(order.size());
  const int64_t row = (tokens + count - 1) / count;
  return shared + std::max(row, std::min(kMost, tokens / kSteps));
}

std::vector<int64_t> epoch_rows(int64_t count, const Thinning& thinned, uint64_t seed,
                                int64_t epoch) {
  constexpr uint64_t kStream = 0x7417000000;  // apart from the permutations' streams
  std::vector<bool> left_out(size_t(count), false);
  if (thinned.kept < int64_t(thinned.rows.size())) {
    std::vector<int64_t> drawn = thinned.rows;
    Rng(seed, kStream + uint64_t(epoch)).shuffle(drawn);
    for (size_t i = size_t(thinned.kept); i < drawn.size(); ++i) left_out[size_t(drawn[i])] = true;
  }
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < count; ++row) {
    if (!left_out[size_t(row)]) rows.push_back(row);
  }
  return rows;
}

std::vector<StepRows> plan_epoch(std::span<const TrainRow> rows, const BatchOptions& options,
                                 uint64_t seed, int64_t epoch) {
  constexpr uint64_t kStream = 0x0e90c;
  std::vector<int64_t> order = epoch_rows(int64_t(rows.size()), options.thinned, seed, epoch);
  std::vector<StepRows> groups = groups_of(rows, order);
  Rng(seed, kStream + uint64_t(epoch)).shuffle(groups);
  order.clear();
  for (const StepRows& group : groups) order.insert(order.end(), group.begin(), group.end());
  return cut(rows, order, options.batch_tokens, shared_by_all(rows, options));
}

std::vector<StepRows> micro_batches(std::span<const TrainRow> rows, const StepRows& step,
                                    const BatchOptions& options) {
  StepRows texts, others;
  for (const int64_t row : step) (rows[size_t(row)].has_spans() ? texts : others).push_back(row);
  std::vector<StepRows> pieces = cut(rows, texts, options.micro_tokens, 0);
  const int64_t shared = shared_by_all(rows, options);
  for (StepRows& piece : cut(rows, others, options.micro_tokens, shared)) {
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

namespace {

// One number for each target that a row has just added.
void add_weights(const TrainRow& row, TrainBatch& batch) {
  batch.weights.resize(batch.targets.size(), row.weight);
}

void drop_ones(TrainBatch& batch) {
  const bool ones = std::ranges::all_of(batch.weights, [](float w) { return w == 1.0f; });
  if (ones) batch.weights.clear();
}

// Prompts for the encoder, completions for the decoder.
TrainBatch build_encoded(std::span<const TrainRow> rows, const StepRows& chosen, int32_t start) {
  TrainBatch result;
  std::vector<int32_t> fed;
  for (const int64_t index : chosen) {
    const TrainRow& row = rows[size_t(index)];
    const std::span<const int32_t> tokens(row.tokens);
    const int root = result.batch.root();
    result.batch.read_source(root,
                             result.batch.add_source(tokens.first(size_t(row.prompt_length))));
    fed.assign(1, start);
    for (const int32_t target : tokens.subspan(size_t(row.prompt_length))) {
      result.predicting.push_back(result.batch.size() + int64_t(fed.size()) - 1);
      result.targets.push_back(target);
      fed.push_back(target);
    }
    fed.pop_back();
    result.batch.append(root, fed);
    add_weights(row, result);
  }
  drop_ones(result);
  result.batch.finish();
  return result;
}

TrainBatch empty_batch(bool causal) { return {nn::TokenBatch(causal), {}, {}, {}}; }

// Each row by itself: what a classifier reads stands near its end.
TrainBatch build_classified(std::span<const TrainRow> rows, const StepRows& chosen, bool causal) {
  TrainBatch result = empty_batch(causal);
  std::vector<int64_t> last;
  for (const int64_t index : chosen) {
    const TrainRow& row = rows[size_t(index)];
    const int64_t first = result.batch.size();
    result.batch.append(result.batch.root(), row.tokens);
    for (const int64_t token : row.read) result.predicting.push_back(first + token);
    result.targets.push_back(row.label);
    add_weights(row, result);
    last.push_back(result.batch.size() - 1);
  }
  drop_ones(result);
  result.batch.finish();
  for (const int64_t token : last) result.keys.push_back(result.batch.keys()[size_t(token)]);
  return result;
}

// The text's pairs, its words being the states from `word` on.
void add_pairs(const TrainRow& row, int64_t word, TrainBatch& batch) {
  const auto moved = [&](const nn::SpanPlace& span) {
    return nn::SpanPlace{int32_t(word + span.first), int32_t(word + span.last)};
  };
  for (const ClassedPair& pair : row.pairs) {
    batch.pairs.push_back({moved(pair.place.head), moved(pair.place.tail), pair.place.head_type,
                           pair.place.tail_type});
    batch.pair_labels.push_back(pair.label);
    batch.pair_weights.push_back(pair.weight);
  }
}

// Each text by itself, and all its spans.
TrainBatch build_texts(std::span<const TrainRow> rows, const StepRows& chosen,
                       const BatchOptions& options) {
  TrainBatch result = empty_batch(options.causal);
  for (const int64_t index : chosen) {
    const TrainRow& row = rows[size_t(index)];
    const int64_t first = result.batch.size();
    const auto word = int64_t(result.predicting.size()), count = int64_t(row.words.size());
    result.batch.append(result.batch.root(), row.tokens);
    for (const int64_t token : row.words) result.predicting.push_back(first + token);
    const auto begin = int64_t(result.targets.size());
    nn::add_spans(word, count, options.widest, result.spans);
    result.targets.resize(result.spans.size(), 0);
    add_pairs(row, word, result);
    for (const ClassedSpan& span : row.spans) {
      const int64_t number = nn::span_number(count, options.widest, {span.first, span.last});
      result.targets[size_t(begin + number)] = span.label;
    }
    add_weights(row, result);
  }
  drop_ones(result);
  result.batch.finish();
  for (const int64_t token : result.predicting) {
    result.keys.push_back(result.batch.keys()[size_t(token)]);
  }
  return result;
}

}  // namespace

TrainBatch build_batch(std::span<const TrainRow> rows, const StepRows& chosen,
                       const BatchOptions& options) {
  if (!chosen.empty() && rows[size_t(chosen[0])].has_spans()) {
    return build_texts(rows, chosen, options);
  }
  if (!chosen.empty() && rows[size_t(chosen[0])].classified()) {
    return build_classified(rows, chosen, options.causal);
  }
  if (options.decoder_start) return build_encoded(rows, chosen, *options.decoder_start);
  std::vector<std::span<const int32_t>> views;
  for (const int64_t row : chosen) views.push_back(shareable(rows[size_t(row)]));
  TrainBatch result;
  std::vector<int> handles;
  const int64_t never = int64_t{1} << 40;
  for (const auto& segment : nn::share_beginnings(views, options.share ? kMinShared : never)) {
    const TrainRow& row = rows[size_t(chosen[size_t(segment.row)])];
    const int parent = segment.parent < 0 ? result.batch.root() : handles[size_t(segment.parent)];
    const int64_t end = segment.leaf ? int64_t(row.tokens.size()) - 1 : segment.end;
    handles.push_back(result.batch.append(
        parent, std::span(row.tokens).subspan(size_t(segment.begin), size_t(end - segment.begin))));
    if (!segment.leaf) continue;
    // The token before each target predicts it; the last target itself is never fed.
    const int64_t first = result.batch.begin(handles.back()) - segment.begin;
    for (int64_t t = row.prompt_length; t < int64_t(row.tokens.size()); ++t) {
      result.predicting.push_back(first + t - 1);
      result.targets.push_back(row.tokens[size_t(t)]);
    }
    add_weights(row, result);
  }
  drop_ones(result);
  result.batch.finish();
  return result;
}

}  // namespace relatum::train
