// One walk down the ranking, and an index of the words of what was taken.
#include "task/choose_diverse.h"

#include <algorithm>
#include <set>

#include "task/words.h"

namespace relatum::task {
namespace {

std::set<std::string> distinct_words(std::string_view text) {
  std::set<std::string> words;
  for (Word& word : words_of(text)) words.insert(std::move(word.form));
  return words;
}

}  // namespace

DiverseChoice choose_diverse(std::span<const size_t> ranked, size_t count, LikeTaken& like) {
  DiverseChoice choice;
  std::vector<size_t> passed;
  for (const size_t candidate : ranked) {
    if (choice.chosen.size() == count) break;
    if (like.is_like_taken(candidate)) {
      passed.push_back(candidate);
      continue;
    }
    like.take(candidate);
    choice.chosen.push_back(candidate);
  }
  const size_t filled = std::min(passed.size(), count - choice.chosen.size());
  choice.filled = int64_t(filled);
  choice.passed_over = int64_t(passed.size() - filled);
  choice.chosen.insert(choice.chosen.end(), passed.begin(), passed.begin() + ptrdiff_t(filled));
  return choice;
}

double WordsTaken::similarity(std::string_view text) const {
  const std::set<std::string> words = distinct_words(text);
  std::unordered_map<uint32_t, size_t> shared;
  for (const std::string& word : words) {
    const auto found = texts_.find(word);
    if (found == texts_.end()) continue;
    for (const uint32_t taken : found->second) ++shared[taken];
  }
  double most = 0;
  for (const auto& [taken, count] : shared) {
    most = std::max(most, double(count) / double(words.size() + sizes_[taken] - count));
  }
  return most;
}

void WordsTaken::take(std::string_view text) {
  const std::set<std::string> words = distinct_words(text);
  const auto number = uint32_t(sizes_.size());
  sizes_.push_back(words.size());
  for (const std::string& word : words) texts_[word].push_back(number);
}

}  // namespace relatum::task
