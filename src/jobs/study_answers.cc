// Counts the numbers that stand for answers, record by record.
#include "jobs/study_answers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "io/json.h"
#include "jobs/markdown_text.h"
#include "jobs/study_results.h"
#include "jobs/study_text.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

constexpr double kNearlyAll = 0.95;
constexpr size_t kFewestRows = 20;  // of fewer, chance alone may be enough

// The answer that most rows got, the share of rows that did, and how often it was right there.
struct Commonest {
  std::string answer;
  double share = 0;
  std::optional<double> right;
};

// The label of a number in "labels"; empty where there is none.
std::string label_of(const json& record, const std::string& number) {
  const json* labels = io::find(record, "labels");
  const auto at = label_number(number, labels && labels->is_array() ? labels->size() : 0);
  const json* label = at ? &labels->at(*at) : nullptr;
  return label && label->is_string() ? label->get<std::string>() : "";
}

// Nothing where the record has no answers, or few.
std::optional<Commonest> commonest_of(const json& record) {
  std::istringstream numbers(text_of(record, "answers"));
  std::vector<std::string> answers;
  for (std::string number; numbers >> number;) answers.push_back(number);
  if (answers.size() < kFewestRows) return std::nullopt;
  std::map<std::string, size_t> counts;
  for (const std::string& number : answers) ++counts[number];
  const auto count = [](const auto& each) { return each.second; };
  const auto [number, most] = *std::ranges::max_element(counts, {}, count);
  const std::string label = number == "-" ? "no answer" : label_of(record, number);
  if (label.empty()) return std::nullopt;
  Commonest commonest{.answer = number == "-" ? label : "'" + markdown_text(label) + "'",
                      .share = double(most) / double(answers.size()),
                      .right = {}};
  const std::string right = text_of(record, "right");
  if (right.size() != answers.size()) return commonest;
  size_t hits = 0;
  for (size_t i = 0; i < answers.size(); ++i) hits += answers[i] == number && right[i] == '1';
  commonest.right = double(hits) / double(most);
  return commonest;
}

// Cells of an arm that gave one answer, with means over them.
struct Same {
  Commonest mean;
  size_t cells = 0;
};

std::vector<Same> same_answers(const std::vector<const json*>& records) {
  std::vector<Same> all;
  for (const json* record : records) {
    const auto commonest = commonest_of(*record);
    if (!commonest || commonest->share < kNearlyAll) continue;
    const auto of = [&](const Same& same) { return same.mean.answer == commonest->answer; };
    auto same = std::ranges::find_if(all, of);
    if (same == all.end()) {
      all.push_back({*commonest, 1});
      continue;
    }
    const double weight = 1 / double(++same->cells);
    same->mean.share += weight * (commonest->share - same->mean.share);
    if (same->mean.right && commonest->right) {
      *same->mean.right += weight * (*commonest->right - *same->mean.right);
    }
  }
  return all;
}

std::string told(const Same& same, size_t cells) {
  std::string text = fmt::format("{} for {:.0f} % of the rows", same.mean.answer,
                                 100 * same.mean.share);
  if (same.mean.right) {
    text += fmt::format(", right for {:.0f} % of these", 100 * *same.mean.right);
  }
  return cells == 1 ? text : text + fmt::format(", in {} of {} cells", same.cells, cells);
}

}  // namespace

std::string study_answers_text(const json& all, std::span<const std::string> arms) {
  std::vector<std::string> named;
  for (const std::string& arm : arms) {
    const auto records = arm_records(all, arm);
    std::vector<std::string> answers;
    for (const Same& same : same_answers(records)) answers.push_back(told(same, records.size()));
    if (answers.empty()) continue;
    named.push_back(fmt::format("{} ({})", markdown_text(arm), fmt::join(answers, "; ")));
  }
  if (named.empty()) return "";
  return wrapped(fmt::format("**Nearly always the same answer**: {}.", fmt::join(named, "; ")));
}

}  // namespace relatum::jobs
