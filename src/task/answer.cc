// Folds answers and labels to a common form and compares them.
#include "task/answer.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "text/unicode.h"

namespace relatum::task {
namespace {

constexpr std::string_view kSpace = " \t\r\n\f\v";
constexpr std::string_view kWrapping = " \t\r\n\f\v\"'`*";
constexpr int64_t kShared = -1;

std::string_view trim(std::string_view text, std::string_view what) {
  const size_t begin = text.find_first_not_of(what);
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(what) - begin + 1);
}

/// Letters and digits; bytes of other alphabets count as letters.
bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte);
}

bool is_separator(char c) { return c == '_' || c == '-' || kSpace.find(c) != kSpace.npos; }

/// Lower case; a run of separators between two words is one space, elsewhere nothing.
std::string fold(std::string_view text) {
  std::string folded;
  bool pending = false;
  for (const char c : text::full_lower_case(text)) {
    if (is_separator(c)) {
      pending = true;
      continue;
    }
    if (pending && !folded.empty() && is_word(folded.back()) && is_word(c)) folded += ' ';
    folded += c;
    pending = false;
  }
  return folded;
}

std::string_view first_line(std::string_view text) {
  text = trim(text, kSpace);
  return trim(text.substr(0, text.find_first_of("\r\n")), kSpace);
}

/// Removes quotes, emphasis and one full stop around a text.
std::string_view unwrap(std::string_view text) {
  text = trim(text, kWrapping);
  if (text.ends_with('.')) text = trim(text.substr(0, text.size() - 1), kWrapping);
  return text;
}

/// Removes "Relation:", "label =", "the answer is" and their like from the front.
std::string_view without_lead(std::string_view line) {
  constexpr std::array<std::string_view, 5> kLeads = {"relation_type", "relation type", "relation",
                                                      "label", "answer"};
  std::string lower(line.size(), ' ');
  std::transform(line.begin(), line.end(), lower.begin(),
                 [](char c) { return char(std::tolower(static_cast<unsigned char>(c))); });
  const std::string_view low = lower;
  size_t at = low.starts_with("the ") ? 4 : 0;
  for (const std::string_view lead : kLeads) {
    if (!low.substr(at).starts_with(lead)) continue;
    at = std::min(low.find_first_not_of(" \t*", at + lead.size()), low.size());
    const std::string_view rest = low.substr(at);
    if (rest.starts_with(':') || rest.starts_with('=')) return line.substr(at + 1);
    return rest.starts_with("is ") ? line.substr(at + 3) : line;
  }
  return line;
}

bool plain_word(std::string_view label) { return std::all_of(label.begin(), label.end(), is_word); }

/// Whether `word` stands in `line` with no letter or digit beside it; gives its places.
std::vector<std::pair<size_t, size_t>> places(std::string_view line, std::string_view word) {
  std::vector<std::pair<size_t, size_t>> found;
  for (size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool open = at == 0 || !is_word(line[at - 1]) || !is_word(word.front());
    const bool shut = end == line.size() || !is_word(line[end]) || !is_word(word.back());
    if (open && shut) found.emplace_back(at, end);
  }
  return found;
}

bool negated(std::string_view folded) {
  for (const std::string_view word : {"not", "cannot", "never", "neither", "isn't", "doesn't"}) {
    if (!places(folded, word).empty()) return true;
  }
  return false;
}

std::string_view last_word(std::string_view line) {
  line = trim(line, " \t\"'`*.!?,;:)]");
  size_t begin = line.size();
  while (begin > 0 && is_word(line[begin - 1])) --begin;
  return line.substr(begin);
}

}  // namespace

AnswerParser::AnswerParser(const Labels& labels, std::span<const std::string> answers) {
  RELATUM_CHECK(int64_t(answers.size()) == labels.size());
  const auto put = [](auto& map, const std::string& key, int64_t label) {
    const auto [at, fresh] = map.emplace(key, label);
    if (!fresh && at->second != label) at->second = kShared;
  };
  for (int64_t i = 0; i < labels.size(); ++i) {
    put(plain_, std::string(trim(answers[size_t(i)], kSpace)), i);
    put(folded_, fold(answers[size_t(i)]), i);
  }
  // A label's own name counts too where a style answers with other words, unless it is an answer.
  const auto answers_plain = plain_, answers_folded = folded_;
  for (int64_t i = 0; i < labels.size(); ++i) {
    if (!answers_plain.contains(labels.name(i))) put(plain_, labels.name(i), i);
    if (!answers_folded.contains(fold(labels.name(i)))) put(folded_, fold(labels.name(i)), i);
  }
  folded_.erase("");
}

std::optional<int64_t> AnswerParser::parse(std::string_view answer) const {
  const auto known = [](const auto& map, std::string_view key) -> std::optional<int64_t> {
    const auto at = map.find(key);
    if (at == map.end() || at->second == kShared) return std::nullopt;
    return at->second;
  };
  if (const auto label = known(plain_, trim(answer, kSpace))) return label;
  const std::string_view line = first_line(answer);
  for (const std::string_view part : {unwrap(line), unwrap(without_lead(unwrap(line)))}) {
    if (const auto label = known(folded_, fold(part))) return label;
  }
  return contained(line);
}

std::optional<int64_t> AnswerParser::contained(std::string_view line) const {
  const std::string folded = fold(line);
  if (negated(folded)) return std::nullopt;
  struct Match {
    size_t begin, end;
    int64_t label;
  };
  std::vector<Match> matches;
  for (const auto& [text, label] : folded_) {
    if (plain_word(text)) continue;
    for (const auto& [begin, end] : places(folded, text)) matches.push_back({begin, end, label});
  }
  const auto plain = plain_.find(last_word(line));
  if (plain != plain_.end() && plain_word(plain->first)) {
    matches.push_back({folded.size(), folded.size(), plain->second});
  }
  std::optional<int64_t> found;
  for (const Match& match : matches) {
    const bool inner = std::any_of(matches.begin(), matches.end(), [&](const Match& other) {
      return other.begin <= match.begin && match.end <= other.end &&
             other.end - other.begin > match.end - match.begin;
    });
    if (inner) continue;
    if (match.label == kShared || (found && *found != match.label)) return std::nullopt;
    found = match.label;
  }
  return found;
}

}  // namespace relatum::task
