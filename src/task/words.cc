// One pass over the code points, then over the words.
#include "task/words.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/unicode.h"

namespace relatum::task {

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  int64_t place = 0;
  std::string form;
  const auto close = [&] {
    if (form.empty()) return;
    words.back().end = place;
    words.back().form = text::full_lower_case(form);
    form.clear();
  };
  for_code_points(text, [&](int32_t code, std::string_view bytes) {
    if (code >= 0 && text::is_word(char32_t(code))) {
      if (form.empty()) words.push_back({place, place, ""});
      form += bytes;
    } else close();
    ++place;
  });
  close();
  return words;
}

Surroundings surroundings_of(const Example& example) {
  constexpr size_t kOutside = 2;  // words beside the pair: "… of A and B, who"
  Surroundings result;
  const Span *first = &example.head, *second = &example.tail;
  result.tail_first = second->start < first->start;
  if (result.tail_first) std::swap(first, second);
  result.overlapping = second->start < first->end;
  const int64_t last = std::max(first->end, second->end);
  std::vector<std::string> before, between, after;
  for (const Word& word : words_of(example.text)) {
    ++result.words;
    if (word.end <= first->start) {
      before.push_back(word.form);
    } else if (word.start >= first->end && word.end <= second->start) {
      between.push_back(word.form);
    } else if (word.start >= last) after.push_back(word.form);
  }
  result.between = int64_t(between.size());
  const size_t skipped = before.size() - std::min(before.size(), kOutside);
  const auto add = [&](const std::string& form) {
    auto& all = result.context;
    if (std::find(all.begin(), all.end(), form) == all.end()) all.push_back(form);
  };
  for (const std::string& form : between) add(form);
  for (size_t i = skipped; i < before.size(); ++i) add(before[i]);
  for (size_t i = 0; i < std::min(after.size(), kOutside); ++i) add(after[i]);
  return result;
}

}  // namespace relatum::task
