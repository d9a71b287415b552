// Doubt is a product: where one of the two agrees with the label there is little of it.
#include "task/label_noise.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/counted.h"
#include "base/error.h"
#include "base/printable.h"
#include "task/join.h"

namespace relatum::task {
namespace {

bool among(const std::vector<std::string>& list, const std::string& label) {
  return std::find(list.begin(), list.end(), label) != list.end();
}

void ask_model(const Prediction& prediction, const std::vector<std::string>& gold,
               DoubtfulRow& row) {
  if (!prediction.label) return;
  row.answer = *prediction.label;
  row.probability = prediction.probability;
  const bool agrees = among(gold, row.answer);
  const double p = prediction.probability.value_or(1.0);
  row.model_doubt = agrees ? 1 - p : p;
  if (prediction.scores.empty()) return;
  double of_gold = 0;
  for (const auto& [label, score] : prediction.scores) {
    if (among(gold, label)) of_gold = std::max(of_gold, score);
  }
  row.model_doubt = std::clamp(1 - of_gold, 0.0, 1.0);
}

void ask_neighbours(std::span<const LabelledNeighbour> neighbours,
                    const std::vector<std::string>& gold, DoubtfulRow& row) {
  std::map<std::string, double> shares;
  double all = 0, same = 0;
  for (const LabelledNeighbour& each : neighbours) {
    const double weight = std::max(0.0, each.similarity);  // a turned vector is no vote
    shares[each.label] += weight;
    all += weight;
    if (among(gold, each.label)) same += weight;
  }
  if (all == 0) return;
  for (const auto& [label, share] : shares) {
    if (share / all <= row.neighbours_share) continue;
    row.neighbours_label = label;
    row.neighbours_share = share / all;
  }
  row.neighbour_doubt = 1 - same / all;
}

nlohmann::ordered_json row_json(const DoubtfulRow& row, size_t rank) {
  return {{"rank", rank},
          {"id", row.example.id},
          {"line", row.example.line},
          {"marked_text", marked_text(row.example)},
          {"labels", gold_labels(row.example)},
          {"doubt", row.doubt},
          {"both", row.both},
          {"model",
           {{"answer", row.answer},
            {"probability",
             row.probability ? nlohmann::ordered_json(*row.probability) : nlohmann::ordered_json()},
            {"doubt", row.model_doubt}}},
          {"neighbours",
           {{"label", row.neighbours_label},
            {"share", row.neighbours_share},
            {"doubt", row.neighbour_doubt}}}};
}

}  // namespace

std::vector<DoubtfulRow> doubtful_rows(const Dataset& data, std::span<const Prediction> predictions,
                                       std::span<const std::vector<LabelledNeighbour>> neighbours,
                                       bool missing_is_wrong) {
  RELATUM_CHECK(neighbours.size() == data.examples.size());
  const auto joined = join_predictions(data, predictions, missing_is_wrong);
  std::vector<DoubtfulRow> rows;
  for (size_t i = 0; i < joined.size(); ++i) {
    const std::vector<std::string> gold = gold_labels(data.examples[i]);
    if (gold.empty()) {
      fail("task.noise",
           fmt::format("{}: example '{}' has no label that could be doubted. Use labelled data.",
                       full_place(data.file, place_of(data.examples[i])),
                       printable_start(data.examples[i].id)));
    }
    DoubtfulRow row;
    row.example = data.examples[i];
    if (joined[i]) ask_model(*joined[i], gold, row);
    ask_neighbours(neighbours[i], gold, row);
    row.doubt = row.model_doubt * row.neighbour_doubt;
    row.both = !row.answer.empty() && !among(gold, row.answer) && !row.neighbours_label.empty() &&
               !among(gold, row.neighbours_label);
    rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const DoubtfulRow& a, const DoubtfulRow& b) { return a.doubt > b.doubt; });
  return rows;
}

std::string noise_json(std::span<const DoubtfulRow> rows, size_t most) {
  const auto both = std::count_if(rows.begin(), rows.end(),
                                  [](const DoubtfulRow& row) { return row.both; });
  nlohmann::ordered_json out = {{"examples", rows.size()},
                                {"both_disagree", both},
                                {"rows", nlohmann::ordered_json::array()}};
  for (size_t i = 0; i < std::min(most, rows.size()); ++i) {
    out["rows"].push_back(row_json(rows[i], i + 1));
  }
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string noise_text(const std::string& data, std::span<const DoubtfulRow> rows, size_t most) {
  constexpr size_t kText = 400;
  const auto both = std::count_if(rows.begin(), rows.end(),
                                  [](const DoubtfulRow& row) { return row.both; });
  std::string out = fmt::format(
      "{}: {}; with {} of them neither the model nor the neighbours agree.\n"
      "Ranked by (1 - the model's probability of the label) * (1 - the share of neighbours with "
      "it).\n",
      data, counted(int64_t(rows.size()), "example"), both);
  for (size_t i = 0; i < std::min(most, rows.size()); ++i) {
    const DoubtfulRow& row = rows[i];
    out += fmt::format("\n{:4}. {}, line {}: {}\n", i + 1, printable_start(row.example.id),
                       row.example.line, printable_start(marked_text(row.example), kText));
    out += fmt::format(
        "      label {}; the model says {}{}; neighbours {}; doubt {:.3f}\n",
        fmt::join(gold_labels(row.example), ", "), row.answer.empty() ? "nothing" : row.answer,
        row.probability ? fmt::format(" ({:.1f} %)", 100 * *row.probability) : "",
        row.neighbours_label.empty()
            ? "none"
            : fmt::format("{} ({:.0f} %)", row.neighbours_label, 100 * row.neighbours_share),
        row.doubt);
  }
  return out;
}

}  // namespace relatum::task
