// Settles which labels keep their words, and reads and writes them.
#include "task/answer_words.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"

namespace relatum::task {
namespace {

void require_labels(const Labels& labels) {
  if (!labels.empty()) return;
  fail("task.prompt",
       "the label inventory is empty: there is nothing to answer. Give the labels "
       "with --labels, or data that has some.");
}

std::vector<std::string> all_words(const Labels& labels, Verbalise verbalise) {
  std::vector<std::string> words;
  for (const std::string& label : labels.names()) {
    words.push_back(verbalise ? verbalise(label) : label);
  }
  return words;
}

// Which labels fall back to their names grows with each round, and names are distinct: it ends.
// `taken` are words that belong to other labels already.
void settle(const Labels& labels, const std::set<std::string>& taken,
            std::vector<std::string>& words, const std::vector<bool>& fixed) {
  for (bool changed = true; changed;) {
    changed = false;
    std::map<std::string, int64_t> uses;
    for (const std::string& each : words) ++uses[each];
    for (size_t i = 0; i < words.size(); ++i) {
      const std::string& name = labels.name(int64_t(i));
      const bool clash = words[i].empty() || uses[words[i]] > 1 || taken.contains(words[i]);
      if (fixed[i] || words[i] == name || !clash) continue;
      words[i] = name;
      changed = true;
    }
  }
}

}  // namespace

std::vector<std::string> answer_words(const Labels& labels, Verbalise verbalise) {
  require_labels(labels);
  std::vector<std::string> words = all_words(labels, verbalise);
  settle(labels, {}, words, std::vector<bool>(words.size(), false));
  return words;
}

std::vector<std::string> answer_words(const Labels& labels, Verbalise verbalise,
                                      const AnswerWords& kept) {
  require_labels(labels);
  std::map<std::string, std::string> by_label, by_words;
  std::set<std::string> taken;
  for (const auto& [label, words] : kept) {
    by_label.emplace(label, words);
    by_words.emplace(words, label);
    taken.insert(words);
  }
  std::vector<std::string> words = all_words(labels, verbalise);
  std::vector<bool> fixed;
  for (size_t i = 0; i < words.size(); ++i) {
    const auto at = by_label.find(labels.name(int64_t(i)));
    fixed.push_back(at != by_label.end());
    if (fixed.back()) words[i] = at->second;
  }
  settle(labels, taken, words, fixed);
  for (size_t i = 0; i < words.size(); ++i) {
    if (fixed[i] || !taken.contains(words[i])) continue;
    fail("task.answers",
         fmt::format("label '{}' cannot be asked for: the run answers '{}' for its "
                     "label '{}'. Give the label another name.",
                     printable_start(labels.name(int64_t(i))), printable_start(words[i]),
                     printable_start(by_words.at(words[i]))));
  }
  return words;
}

std::vector<std::string> answer_words_before_they_were_kept(const Labels& labels,
                                                            Verbalise verbalise) {
  require_labels(labels);
  std::vector<std::string> words = all_words(labels, verbalise);
  const std::set<std::string> distinct(words.begin(), words.end());
  if (distinct.size() < words.size() || distinct.contains("")) return labels.names();
  return words;
}

AnswerWords pair_words(const Labels& labels, std::span<const std::string> words) {
  RELATUM_CHECK(int64_t(words.size()) == labels.size());
  AnswerWords pairs;
  for (size_t i = 0; i < words.size(); ++i) {
    pairs.emplace_back(labels.name(int64_t(i)), words[i]);
  }
  return pairs;
}

void save_answers(const std::filesystem::path& path, const AnswerWords& words) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [label, text] : words) object[label] = text;
  write_file(path,
             object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

AnswerWords load_answers(const std::filesystem::path& path) {
  const std::string place = path.string();
  const nlohmann::json object = io::load_json(path);
  if (!object.is_object()) {
    fail("task.answers", fmt::format("{}: expected a JSON object from label to answer words, got "
                                     "{}.",
                                     place, object.type_name()));
  }
  AnswerWords words;
  std::map<std::string, std::string> seen;
  for (const auto& [label, text] : object.items()) {
    words.emplace_back(label, io::require_string(object, label, place));
    const auto [first, fresh] = seen.emplace(words.back().second, label);
    if (words.back().second.empty()) {
      fail("task.answers",
           fmt::format("{}: label '{}' has no answer words.", place, printable_start(label)));
    }
    if (fresh) continue;
    fail("task.answers", fmt::format("{}: labels '{}' and '{}' have the same answer words, '{}'.",
                                     place, printable_start(first->second), printable_start(label),
                                     printable_start(first->first)));
  }
  return words;
}

}  // namespace relatum::task
