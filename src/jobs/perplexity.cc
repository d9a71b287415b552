// One row after another through the network; weights are decoded for each use, so that memory holds
// no second form of them.
#include "jobs/perplexity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "nn/batch.h"

namespace relatum::jobs {
namespace {

using Rows = std::vector<std::vector<int32_t>>;

Rows rows_of(const engine::Session& session, std::string_view text) {
  const std::vector<int32_t> tokens = session.tokenizer().encode_data(text);
  const auto before = session.tokenizer().before();
  const int64_t length = std::min(kPerplexityRow, session.model().info().context);
  const int64_t own = std::max<int64_t>(1, length - int64_t(before.size()));
  Rows rows;
  for (size_t at = 0; at < tokens.size(); at += size_t(own)) {
    std::vector<int32_t>& row = rows.emplace_back(before.begin(), before.end());
    const auto begin = tokens.begin() + int64_t(at);
    row.insert(row.end(), begin, begin + std::min(own, int64_t(tokens.size() - at)));
  }
  std::erase_if(rows, [](const auto& row) { return row.size() < 2; });
  return rows;
}

nn::LossSum loss_of(engine::Worker& worker, const std::vector<int32_t>& row) {
  nn::TokenBatch batch;
  batch.append(batch.root(), std::span(row).first(row.size() - 1));
  batch.finish();
  // The losses of what the tokenizer puts in front are those of no text.
  const size_t before = worker.session().tokenizer().before().size();
  const size_t first = before > 0 ? before - 1 : 0;
  std::vector<int64_t> wanted(row.size() - 1 - first);
  std::iota(wanted.begin(), wanted.end(), int64_t(first));
  nn::Graph graph = worker.graph();
  const nn::Var states = worker.model().forward(graph, batch,
                                                {.rows = wanted, .adapter = worker.adapter()});
  return nn::head_cross_entropy(graph, *worker.head(), states, std::span(row).subspan(first + 1));
}

double mean_loss(const std::vector<nn::LossSum>& rows) {
  nn::LossSum all;
  for (const nn::LossSum& row : rows) {
    all.sum += row.sum;
    all.count += row.count;
  }
  return all.sum / double(all.count);
}

}  // namespace

bool has_perplexity(const arch::Model& model) {
  return model.head() && model.info().encoder_layers == 0;
}

std::optional<std::vector<nn::LossSum>> text_losses(engine::Worker& worker, std::string_view text,
                                                    const Context& context) {
  const Rows rows = rows_of(worker.session(), text);
  if (rows.empty()) {
    fail("jobs.perplexity",
         "the text to compare on has no token that could be predicted. Name a "
         "longer one.");
  }
  std::vector<nn::LossSum> losses;
  for (const auto& row : rows) {
    if (context.stopping()) return std::nullopt;
    losses.push_back(loss_of(worker, row));
    context.report({"reading the text", double(losses.size()), double(rows.size()), "rows",
                    fmt::format("perplexity {:.2f}", std::exp(mean_loss(losses)))});
  }
  context.end_progress();
  return losses;
}

std::optional<std::vector<nn::LossSum>> text_losses(const std::filesystem::path& model,
                                                    std::string_view text, const Context& context) {
  const engine::Session session(model, {.compute = "f32", .base = "keep", .resident = false});
  if (!has_perplexity(session.model())) {
    fail(
        "jobs.perplexity",
        fmt::format("{} is {}, and only a language model that goes on with a text has a "
                    "perplexity. Leave out the text to compare on (--compare).",
                    model.string(), session.model().head() ? "an encoder-decoder" : "an embedder"));
  }
  engine::Worker worker(session);
  return text_losses(worker, text, context);
}

TextComparison compare(const std::vector<nn::LossSum>& before,
                       const std::vector<nn::LossSum>& after) {
  RELATUM_CHECK(before.size() == after.size() && !before.empty());
  TextComparison result{.rows = int64_t(before.size()),
                        .before = std::exp(mean_loss(before)),
                        .after = std::exp(mean_loss(after)),
                        .change = mean_loss(after) - mean_loss(before),
                        .error = std::nullopt};
  // The mean over all tokens is a ratio of sums over rows, whose numbers of tokens differ by the
  // last row alone (Cochran 1977, 2.11).
  double squares = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    RELATUM_CHECK(before[i].count == after[i].count);
    result.tokens += before[i].count;
    const double off = after[i].sum - before[i].sum - result.change * double(before[i].count);
    squares += off * off;
  }
  const auto rows = double(result.rows);
  if (result.rows >= kRowsForError) {
    result.error = std::sqrt(squares * rows / (rows - 1)) / double(result.tokens);
  }
  return result;
}

}  // namespace relatum::jobs
