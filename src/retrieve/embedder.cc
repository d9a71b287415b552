// Tokens to states to one vector per text, in batches without padding.
#include "retrieve/embedder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "arch/model_name.h"
#include "base/error.h"
#include "base/signals.h"
#include "base/utf8.h"
#include "engine/not_finite.h"
#include "nn/batch.h"
#include "nn/graph.h"
#include "tensor/finite.h"
#include "text/unicode.h"

namespace relatum::retrieve {
namespace {

namespace fs = std::filesystem;

/// Refuses what is no encoder before its weights are read.
const fs::path& checked(const fs::path& folder) {
  const auto files = arch::ModelFiles::open(folder);
  if (arch::family(files).causal) {
    fail("retrieve.embedder", fmt::format("{} is a language model ('{}'), not a sentence embedder. "
                                          "Name an encoder, e.g. all-minilm-l6-v2.",
                                          folder.string(), files.architecture()));
  }
  return folder;
}

/// Texts without repetition, in order of first occurrence.
struct Distinct {
  std::vector<const std::string*> texts;
  std::vector<size_t> of;  ///< per given text its place in `texts`
};

Distinct distinct(std::span<const std::string> texts) {
  Distinct result;
  std::unordered_map<std::string_view, size_t> seen;
  for (const std::string& text : texts) {
    const auto [entry, fresh] = seen.emplace(text, result.texts.size());
    if (fresh) result.texts.push_back(&text);
    result.of.push_back(entry->second);
  }
  return result;
}

/// Rows of `vectors` in the given order, up to the first that was not computed.
Matrix<float> spread(const Matrix<float>& vectors, std::span<const size_t> of, size_t computed) {
  const auto stop = std::find_if(of.begin(), of.end(), [&](size_t i) { return i >= computed; });
  Matrix<float> result(stop - of.begin(), vectors.cols());
  for (int64_t i = 0; i < result.rows(); ++i) {
    std::copy_n(vectors.row(int64_t(of[size_t(i)])), result.cols(), result.row(i));
  }
  return result;
}

}  // namespace

Embedder::Embedder(const fs::path& folder, const std::string& compute)
    : name_(arch::model_name(folder)), session_(checked(folder), {compute, "keep"}),
      config_(read_embedder_config(folder, session_.model().info().width)) {
  const int64_t context = session_.model().info().context;
  max_tokens_ = std::min(config_.max_tokens.value_or(context), context);
  const auto& tokenizer = session_.tokenizer();
  const int64_t special = int64_t(tokenizer.before().size() + tokenizer.after().size());
  if (max_tokens_ <= special) {
    fail("retrieve.embedder", fmt::format("{}: rows of at most {} tokens, {} of them special, "
                                          "leave no room for text.",
                                          folder.string(), max_tokens_, special));
  }
}

void Embedder::check_search() const {
  if (config_.similarity == Similarity::kCosine || config_.similarity == Similarity::kDot) return;
  fail("retrieve.embedder", fmt::format("the vectors of '{}' are compared by distance "
                                        "(similarity_fn_name of its "
                                        "config_sentence_transformers.json), and an index compares "
                                        "by inner product. Choose an embedder with cosine or dot.",
                                        name_));
}

std::vector<int32_t> Embedder::tokens_of(const std::string& text,
                                         const EmbedOptions& options) const {
  const auto& tokenizer = session_.tokenizer();
  const auto before = tokenizer.before(), after = tokenizer.after();
  std::string read = options.prefix.value_or(config_.prompts.plain) + text;
  if (config_.lowercase) read = to_utf8(text::lower_case(to_utf32(read)));
  std::vector<int32_t> ids = tokenizer.encode_data(read);  // "[SEP]" in it is text
  const size_t room = size_t(max_tokens_) - before.size() - after.size();
  if (ids.size() > room) ids.resize(room);
  ids.insert(ids.begin(), before.begin(), before.end());
  ids.insert(ids.end(), after.begin(), after.end());
  return ids;
}

void Embedder::sentence(MatView<const float> states, const EmbedOptions& options,
                        float* out) const {
  const size_t width = size_t(states.cols);
  std::vector<double> values(config_.pooling.size() * width);
  for (size_t i = 0; i < config_.pooling.size(); ++i) {
    pool(config_.pooling[i], states, std::span(values).subspan(i * width, width));
  }
  for (const SentenceStep& step : config_.steps) apply(step, values);
  const bool unit = !config_.steps.empty() && !config_.steps.back().dense;
  if (options.for_search && config_.similarity == Similarity::kCosine && !unit) normalise(values);
  for (size_t i = 0; i < values.size(); ++i) out[i] = float(values[i]);
}

void Embedder::run(std::span<const std::vector<int32_t>> rows, const EmbedOptions& options,
                   MatView<float> out) {
  const SignalsHeld held;
  nn::TokenBatch batch(false);
  std::vector<int> segments;
  for (const auto& row : rows) segments.push_back(batch.append(batch.root(), row));
  batch.finish();
  nn::Graph graph = worker_.graph();
  const auto states = graph.value(session_.model().forward(graph, batch, {})).as<float>();
  for (size_t i = 0; i < rows.size(); ++i) {
    const int64_t begin = batch.begin(segments[i]);
    sentence(states.rows_from(begin, int64_t(rows[i].size())), options, out.row(int64_t(i)));
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    if (all_finite({out.row(int64_t(i)), size_t(out.cols)})) continue;
    engine::fail_not_finite(worker_, rows[i]);
  }
}

Matrix<float> Embedder::embed(std::span<const std::string> texts, const Context& context,
                              const EmbedOptions& options) {
  const Distinct given = distinct(texts);
  const size_t total = given.texts.size();
  Matrix<float> vectors(int64_t(total), dimension());
  size_t next = 0;
  while (next < total && !context.stopping()) {
    std::vector<std::vector<int32_t>> rows;
    int64_t tokens = 0;
    while (next + rows.size() < total) {
      auto row = tokens_of(*given.texts[next + rows.size()], options);
      tokens += int64_t(row.size());
      if (!rows.empty() && tokens > options.batch_tokens) break;
      rows.push_back(std::move(row));
    }
    run(rows, options, vectors.view().rows_from(int64_t(next), int64_t(rows.size())));
    next += rows.size();
    context.report({"embedding", double(next), double(total), "sentences", ""});
  }
  return spread(vectors, given.of, next);
}

}  // namespace relatum::retrieve
