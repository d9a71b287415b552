// Sorts each example into one group of each way to sort them.
#include "task/analysis.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>

#include "base/error.h"
#include "task/join.h"

namespace relatum::task {
namespace {

/// All that is known of the examples.
struct Facts {
  const Dataset& data;
  std::vector<const Prediction*> joined;
  ScoredLabels scored;
  std::optional<int32_t> negative;
  std::span<const std::optional<NearestExample>> nearest;
  std::vector<Surroundings> around;

  std::vector<std::string> names(const std::vector<int32_t>& labels) const {
    std::vector<std::string> list;
    for (const int32_t label : labels) list.push_back(scored.labels.name(label));
    return list;
  }
  bool is_negative(size_t i) const {
    return negative && scored.gold[i] == std::vector<int32_t>{*negative};
  }
  double confidence(size_t i) const {
    return joined[i] ? joined[i]->probability.value_or(0.0) : -1.0;
  }
};

TellingSentence telling(const Facts& facts, size_t i) {
  TellingSentence sentence{facts.data.examples[i], facts.names(facts.scored.gold[i]),
                           facts.names(facts.scored.predicted[i])};
  if (facts.joined[i]) sentence.probability = facts.joined[i]->probability;
  sentence.kind = error_kind(facts.scored, facts.negative, i);
  if (!facts.nearest.empty()) sentence.nearest = facts.nearest[i];
  return sentence;
}

/// Name of an example's group; empty: it is in none.
using NameOf = std::function<std::string(size_t example)>;

void add_sentences(const Facts& facts, std::vector<size_t> wrong, size_t most,
                   AnalysisGroup& group) {
  std::stable_sort(wrong.begin(), wrong.end(),
                   [&](size_t a, size_t b) { return facts.confidence(a) > facts.confidence(b); });
  wrong.resize(std::min(wrong.size(), most));
  for (const size_t i : wrong) group.sentences.push_back(telling(facts, i));
}

/// `order`: names of groups; those that it lacks follow as they come.
void fill(const Facts& facts, const NameOf& name_of, const std::vector<std::string>& order,
          size_t most, Grouping& grouping) {
  std::map<std::string, size_t> places;
  std::vector<std::vector<size_t>> wrong;
  const auto place = [&](const std::string& name) {
    const auto [at, fresh] = places.emplace(name, grouping.groups.size());
    if (fresh) {
      grouping.groups.emplace_back().name = name;
      wrong.emplace_back();
    }
    return at->second;
  };
  for (const std::string& name : order) place(name);
  for (size_t i = 0; i < facts.joined.size(); ++i) {
    const std::string name = name_of(i);
    if (name.empty()) continue;
    const size_t at = place(name);
    ++grouping.groups[at].examples;
    if (is_right(facts.scored, i)) continue;
    ++grouping.groups[at].wrong;
    wrong[at].push_back(i);
  }
  for (size_t g = 0; g < grouping.groups.size(); ++g) {
    AnalysisGroup& group = grouping.groups[g];
    if (group.examples == 0) continue;
    group.error = exact_interval(group.wrong, group.examples);
    add_sentences(facts, std::move(wrong[g]), most, group);
  }
  std::erase_if(grouping.groups, [](const AnalysisGroup& group) { return group.examples == 0; });
}

/// "1 to 10", "11 to 20" … of upper bounds, the last one open.
std::string range_name(int64_t value, std::span<const int64_t> upper) {
  int64_t low = 0;
  for (const int64_t high : upper) {
    if (value <= high && low == high) return fmt::format("{}", low);
    if (value <= high) return fmt::format("{} to {}", low, high);
    low = high + 1;
  }
  return fmt::format("{} and more", low);
}

std::vector<std::string> range_names(std::span<const int64_t> upper) {
  std::vector<std::string> names;
  for (const int64_t high : upper) names.push_back(range_name(high, upper));
  names.push_back(range_name(upper.back() + 1, upper));
  return names;
}

/// "below 0.50", "0.50 to 0.70" … by upper bounds, which belong to the next. Cosines may be below
/// 0.
std::vector<std::string> share_names(std::span<const double> upper) {
  std::vector<std::string> names{fmt::format("below {:.2f}", upper[0])};
  for (size_t i = 1; i < upper.size(); ++i) {
    names.push_back(fmt::format("{:.2f} to {:.2f}", upper[i - 1], upper[i]));
  }
  names.push_back(fmt::format("{:.2f} and more", upper.back()));
  return names;
}

std::string share_name(double value, std::span<const double> upper) {
  const auto above = std::upper_bound(upper.begin(), upper.end(), value);
  return share_names(upper)[size_t(above - upper.begin())];
}

constexpr std::array<int64_t, 4> kLengths{10, 20, 30, 40};
constexpr std::array<int64_t, 5> kDistances{0, 2, 5, 10, 20};
constexpr std::array<double, 4> kSimilarities{0.3, 0.5, 0.7, 0.9};
constexpr std::array<double, 4> kConfidences{0.5, 0.7, 0.9, 0.99};

Grouping by_pair(const Facts& facts, size_t most) {
  Grouping grouping{"label_pair",
                    "gold label and answer",
                    "Wrong answers alone; the share is of all examples with that gold label, and a "
                    "pair with several labels counts by its first one.",
                    {}};
  std::map<std::pair<std::string, std::string>, std::vector<size_t>> wrong;
  std::map<std::string, int64_t> golds;
  for (size_t i = 0; i < facts.joined.size(); ++i) {
    const std::string gold = facts.scored.labels.name(facts.scored.gold[i][0]);
    ++golds[gold];
    if (is_right(facts.scored, i)) continue;
    const auto& answers = facts.scored.predicted[i];
    wrong[{gold, answers.empty() ? "(no answer)" : facts.scored.labels.name(answers[0])}].push_back(
        i);
  }
  for (auto& [pair, rows] : wrong) {
    AnalysisGroup group;
    group.name = pair.first + " -> " + pair.second;
    group.examples = golds[pair.first];
    group.wrong = int64_t(rows.size());
    group.error = exact_interval(group.wrong, group.examples);
    add_sentences(facts, std::move(rows), most, group);
    grouping.groups.push_back(std::move(group));
  }
  std::stable_sort(
      grouping.groups.begin(), grouping.groups.end(),
      [](const AnalysisGroup& a, const AnalysisGroup& b) { return a.wrong > b.wrong; });
  return grouping;
}

Grouping by_kind(const Facts& facts, size_t most) {
  Grouping grouping{"kind",
                    "kind of mistake",
                    "direction: the gold relation the wrong way round; relation: another one; "
                    "missed: the negative label for a relation; spurious: a relation for the "
                    "negative label; unanswered: no label; extra: one label too many. The share is "
                    "of all examples.",
                    {}};
  for (const char* kind : {"direction", "relation", "missed", "spurious", "unanswered", "extra"}) {
    std::vector<size_t> rows;
    for (size_t i = 0; i < facts.joined.size(); ++i) {
      const bool wrong = !is_right(facts.scored, i);
      if (wrong && error_kind(facts.scored, facts.negative, i) == kind) rows.push_back(i);
    }
    if (rows.empty()) continue;
    AnalysisGroup group;
    group.name = kind;
    group.examples = int64_t(facts.joined.size());
    group.wrong = int64_t(rows.size());
    group.error = exact_interval(group.wrong, group.examples);
    add_sentences(facts, std::move(rows), most, group);
    grouping.groups.push_back(std::move(group));
  }
  return grouping;
}

Grouping by_length(const Facts& facts, size_t most) {
  Grouping grouping{
      "length", "words of the sentence", "A word is a run of letters, marks and digits.", {}};
  fill(
      facts, [&](size_t i) { return range_name(facts.around[i].words, kLengths); },
      range_names(kLengths), most, grouping);
  return grouping;
}

Grouping by_distance(const Facts& facts, size_t most) {
  Grouping grouping{
      "distance", "words between the entities", "Words that lie wholly between the two.", {}};
  std::vector<std::string> order = range_names(kDistances);
  order.insert(order.begin(), "overlapping");
  fill(
      facts,
      [&](size_t i) {
    return facts.around[i].overlapping ? std::string("overlapping")
                                       : range_name(facts.around[i].between, kDistances);
      },
      order, most, grouping);
  return grouping;
}

Grouping by_order(const Facts& facts, size_t most) {
  Grouping grouping{"order", "which entity comes first", "By where the entities begin.", {}};
  fill(
      facts,
      [&](size_t i) {
    return std::string(facts.around[i].tail_first ? "tail first" : "head first");
      },
      {"head first", "tail first"}, most, grouping);
  return grouping;
}

Grouping by_cues(const Facts& facts, const CueWords& cues, bool own, size_t most) {
  Grouping grouping{
      "explicit",
      "explicit or implicit relation",
      fmt::format("Explicit: a word between the entities, or one of two words beside them, is a "
                  "cue of the gold relation: at least {} sentences with that word there have the "
                  "relation, and their share is at least halfway between the relation's share of "
                  "all sentences and 1{}.",
                  CueWords::kFewest, own ? ", the sentence itself left out" : ""),
      {}};
  fill(
      facts,
      [&](size_t i) -> std::string {
        if (facts.is_negative(i)) return "no relation";
        const auto gold = facts.names(facts.scored.gold[i]);
        return cues.is_explicit(facts.around[i], gold, own) ? "explicit" : "implicit";
      },
      {"explicit", "implicit", "no relation"}, most, grouping);
  return grouping;
}

Grouping by_similarity(const Facts& facts, size_t most) {
  Grouping grouping{"similarity",
                    "similarity of the retrieved example",
                    "Cosine of the sentences' embeddings, nearest example.",
                    {}};
  fill(
      facts,
      [&](size_t i) -> std::string {
        if (!facts.nearest[i]) return "nothing retrieved";
        return share_name(facts.nearest[i]->similarity, kSimilarities);
      },
      share_names(kSimilarities), most, grouping);
  return grouping;
}

std::string nearest_name(const Facts& facts, size_t i) {
  if (!facts.nearest[i] || !facts.nearest[i]->label) return "not known";
  const std::string& label = *facts.nearest[i]->label;
  const auto gold = facts.names(facts.scored.gold[i]);
  const auto among = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), label) != list.end();
  };
  if (among(gold)) return "the gold label";
  const bool turned = std::any_of(gold.begin(), gold.end(), [&](const std::string& each) {
    return same_relation_turned(each, label);
  });
  if (turned) return "the gold relation, the wrong way round";
  if (facts.negative && label == facts.scored.labels.name(*facts.negative)) {
    return "the negative label";
  }
  return "another label";
}

Grouping by_retrieved(const Facts& facts, size_t most) {
  Grouping grouping{"retrieved_label",
                    "label of the retrieved example",
                    "Nearest example, beside the gold label.",
                    {}};
  fill(
      facts, [&](size_t i) { return nearest_name(facts, i); },
      {"the gold label", "the gold relation, the wrong way round", "another label",
       "the negative label", "not known"},
      most, grouping);
  return grouping;
}

/// How many wrong answers repeat the example's label, for people who think of copying.
Grouping by_copied(const Facts& facts, size_t most) {
  Grouping grouping{"copied",
                    "the answer beside the retrieved example's label",
                    "Copied: the answer is the nearest example's label, right or wrong.",
                    {}};
  fill(
      facts,
      [&](size_t i) -> std::string {
        if (!facts.nearest[i] || !facts.nearest[i]->label) return "";
        const auto answers = facts.names(facts.scored.predicted[i]);
        const bool same = std::find(answers.begin(), answers.end(), *facts.nearest[i]->label) !=
                          answers.end();
        return same ? "copied" : "not copied";
      },
      {"copied", "not copied"}, most, grouping);
  return grouping;
}

Grouping by_confidence(const Facts& facts, size_t most) {
  Grouping grouping{"confidence", "probability of the answer", "As the predictions have it.", {}};
  fill(
      facts,
      [&](size_t i) -> std::string {
        if (!facts.joined[i] || !facts.joined[i]->probability) return "no probability";
        return share_name(*facts.joined[i]->probability, kConfidences);
      },
      share_names(kConfidences), most, grouping);
  return grouping;
}

}  // namespace

Analysis analyse(const Dataset& data, std::span<const Prediction> predictions,
                 std::span<const std::optional<NearestExample>> nearest, const CueSource& source,
                 const AnalysisOptions& options) {
  if (data.examples.empty()) fail("task.analyse", data.name + " holds no examples to analyse.");
  RELATUM_CHECK(nearest.empty() || nearest.size() == data.examples.size());
  Facts facts{data, join_predictions(data, predictions, options.missing_is_wrong), {}, {}, nearest,
              {}};
  facts.scored = index_labels(data, facts.joined);
  facts.negative = negative_index(facts.scored, options.negative);
  for (const Example& example : data.examples) facts.around.push_back(surroundings_of(example));
  const auto negative = facts.negative ? std::optional(facts.scored.labels.name(*facts.negative))
                                       : std::nullopt;
  const CueWords cues(source.examples, negative);
  Analysis analysis;
  analysis.data = data.name;
  analysis.examples = int64_t(data.examples.size());
  for (size_t i = 0; i < facts.joined.size(); ++i) analysis.wrong += !is_right(facts.scored, i);
  analysis.warnings = label_warnings(facts.scored, options.negative);
  const size_t most = options.sentences;
  auto& all = analysis.groupings;
  all.push_back(by_pair(facts, most));
  all.push_back(by_kind(facts, most));
  all.push_back(by_length(facts, most));
  all.push_back(by_distance(facts, most));
  all.push_back(by_order(facts, most));
  all.push_back(by_cues(facts, cues, source.own, most));
  if (!nearest.empty()) {
    all.push_back(by_similarity(facts, most));
    all.push_back(by_retrieved(facts, most));
    all.push_back(by_copied(facts, most));
  }
  all.push_back(by_confidence(facts, most));
  analysis.cues_from = fmt::format("{} ({} labelled sentences)", source.name, cues.sentences());
  constexpr size_t kCues = 8;
  analysis.cues = cues.strongest(kCues);
  return analysis;
}

}  // namespace relatum::task
