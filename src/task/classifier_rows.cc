// Cuts a marked sentence at its markers.
#include "task/classifier_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "task/answer_prompts.h"
#include "task/marked.h"

namespace relatum::task {
namespace {

enum Marker { kHeadOpen, kHeadClose, kTailOpen, kTailClose };

constexpr const char* kSymbols[] = {"[", "]", "{", "}"};

// The last token of a symbol's text, before which some tokenizers put one of a word's beginning.
std::optional<int32_t> symbol(const text::Tokenizer& tokenizer, const char* text) {
  const std::vector<int32_t> ids = tokenizer.encode_data(text);
  if (ids.empty() || ids.back() == tokenizer.special().unk) return std::nullopt;
  return ids.back();
}

// A stretch of the sentence's own text and the marker behind it, which the last one lacks.
struct Piece {
  std::string text;
  int marker = -1;
};

// Takes the marker off that `rest` begins with.
int take_marker(std::string_view& rest) {
  const MarkerTexts texts = marker_texts(Markers::kTags);
  const std::string_view all[] = {texts.head_open, texts.head_close, texts.tail_open,
                                  texts.tail_close};
  for (int i = 0; i < 4; ++i) {
    if (!rest.starts_with(all[i])) continue;
    rest.remove_prefix(all[i].size());
    return i;
  }
  RELATUM_CHECK(false);
  return -1;
}

// What stands between the ranges of data are markers, some side by side.
std::vector<Piece> cut(const Prompt& prompt) {
  std::vector<Piece> pieces(1);
  const auto add_markers = [&](size_t begin, size_t end) {
    std::string_view rest = std::string_view(prompt.prompt).substr(begin, end - begin);
    while (!rest.empty()) {
      pieces.back().marker = take_marker(rest);
      pieces.emplace_back();
    }
  };
  size_t done = 0;
  for (const text::DataRange& range : prompt.data) {
    add_markers(done, range.begin);
    pieces.back().text += prompt.prompt.substr(range.begin, range.end - range.begin);
    done = range.end;
  }
  add_markers(done, prompt.prompt.size());
  return pieces;
}

// Blanks before an entity go behind its marker.
void move_blanks(std::vector<Piece>& pieces) {
  for (size_t i = 0; i + 1 < pieces.size(); ++i) {
    if (pieces[i].marker != kHeadOpen && pieces[i].marker != kTailOpen) continue;
    std::string& text = pieces[i].text;
    const size_t end = text.find_last_not_of(' ') + 1;
    pieces[i + 1].text.insert(0, text.substr(end));
    text.resize(end);
  }
}

// The text between two markers, without those inside.
std::string between(const std::vector<Piece>& pieces, Marker open, Marker close) {
  std::string text;
  bool inside = false;
  for (const Piece& piece : pieces) {
    if (inside) text += piece.text;
    if (piece.marker == open) inside = true;
    if (piece.marker == close) inside = false;
  }
  return text;
}

}  // namespace

MarkerTokens symbol_tokens(const text::Tokenizer& tokenizer) {
  MarkerTokens tokens{};
  std::set<int32_t> distinct;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::optional<int32_t> known = symbol(tokenizer, kSymbols[i]);
    if (known && distinct.insert(*known).second) {
      tokens[i] = *known;
      continue;
    }
    fail("task.classifier", fmt::format("the model's vocabulary has no token of its own for '{}', "
                                        "with which entities are marked. Use another model.",
                                        kSymbols[i]));
  }
  return tokens;
}

MarkerTokens tokens_like_symbols(const text::Tokenizer& tokenizer) {
  MarkerTokens tokens{};
  for (size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = symbol(tokenizer, kSymbols[i]).value_or(tokenizer.special().unk.value_or(0));
  }
  return tokens;
}

PromptStyle classifier_style(ClassifierStyle style) {
  PromptStyle result;
  result.name = kClassifierStyle;
  result.description = "the sentence with its marks, for a classifier";
  result.body = Template::parse("{{marked_text}}", kClassifierStyle);
  result.classifier = std::make_shared<const ClassifierStyle>(std::move(style));
  return result;
}

PromptStyle pair_style(std::vector<std::string> classes, std::shared_ptr<const PairReading> pairs) {
  PromptStyle result;
  result.name = kPairStyle;
  result.description = "a sentence and two of its entities, for a classifier of all its pairs";
  result.body = Template::parse("{{head_type}}\n{{tail_type}}\n{{marked_text}}", kPairStyle);
  result.classifier = std::make_shared<const ClassifierStyle>(
      ClassifierStyle{{}, std::move(pairs), std::move(classes)});
  return result;
}

PromptStyle text_style() {
  PromptStyle result;
  result.name = kTextStyle;
  result.description = "the sentence alone, for a classifier of its words";
  result.body = Template::parse("{{text}}", kTextStyle);
  return result;
}

engine::ClassifierRow classifier_row(const engine::Session& session, const Prompt& prompt,
                                     const MarkerTokens& markers) {
  const text::Tokenizer& tokenizer = session.tokenizer();
  const bool causal = session.model().info().causal;
  std::vector<Piece> pieces = cut(prompt);
  move_blanks(pieces);
  engine::ClassifierRow row;
  row.tokens.assign(tokenizer.before().begin(), tokenizer.before().end());
  const auto add_text = [&](const std::string& text) {
    const std::vector<int32_t> ids = tokenizer.encode_data(text);
    row.tokens.insert(row.tokens.end(), ids.begin(), ids.end());
  };
  const auto add_marker = [&](int marker) {
    if (marker == (causal ? kHeadClose : kHeadOpen)) row.read[0] = int64_t(row.tokens.size());
    if (marker == (causal ? kTailClose : kTailOpen)) row.read[1] = int64_t(row.tokens.size());
    row.tokens.push_back(markers[size_t(marker)]);
  };
  for (const Piece& piece : pieces) {
    if (!piece.text.empty()) add_text(piece.text);
    if (piece.marker >= 0) add_marker(piece.marker);
  }
  if (!causal) {
    row.tokens.insert(row.tokens.end(), tokenizer.after().begin(), tokenizer.after().end());
    return row;
  }
  for (const auto& [open, close] :
       {std::pair(kHeadOpen, kHeadClose), std::pair(kTailOpen, kTailClose)}) {
    add_marker(open);
    add_text(between(pieces, open, close));
    add_marker(close);
  }
  return row;
}

ReadPair read_pair(const PairReading& reading, const Prompt& prompt) {
  ReadPair pair;
  Prompt marked = prompt;
  // A type, if there is one, is data, and the line's end is not.
  const auto take_type = [&] {
    size_t end = 0;
    if (!marked.data.empty() && marked.data[0].begin == 0) end = marked.data[0].end;
    RELATUM_CHECK(end < marked.prompt.size() && marked.prompt[end] == '\n');
    const auto known = std::ranges::find(reading.types, marked.prompt.substr(0, end));
    const bool found = known != reading.types.end();
    marked.prompt.erase(0, end + 1);
    for (text::DataRange& range : marked.data) {
      range.begin -= std::min(range.begin, end + 1);
      range.end -= std::min(range.end, end + 1);
    }
    std::erase_if(marked.data, [](const text::DataRange& range) { return range.end == 0; });
    return found ? int32_t(known - reading.types.begin()) + 1 : 0;
  };
  pair.head_type = take_type();
  pair.tail_type = take_type();
  for (const Piece& piece : cut(marked)) {
    pair.text += piece.text;
    if (piece.marker == kHeadOpen) pair.head.first = pair.text.size();
    if (piece.marker == kHeadClose) pair.head.second = pair.text.size();
    if (piece.marker == kTailOpen) pair.tail.first = pair.text.size();
    if (piece.marker == kTailClose) pair.tail.second = pair.text.size();
  }
  return pair;
}

nn::PairPlace ReadPair::place(const ReadWords& words) const {
  // The words that an entity's bytes touch; of one that touches none, the word before it.
  const auto span = [&](const std::pair<size_t, size_t>& bytes) {
    const auto& all = words.bytes;
    const auto last = int32_t(std::ranges::lower_bound(all, bytes.second, {},
                                                       [](const auto& w) { return w.first; }) -
                              all.begin()) -
                      1;
    const auto first = int32_t(
        std::ranges::upper_bound(all, bytes.first, {}, [](const auto& w) { return w.second; }) -
        all.begin());
    const int32_t end = std::max(last, int32_t{0});
    return nn::SpanPlace{std::min(first, end), end};
  };
  return {span(head), span(tail), head_type, tail_type};
}

std::vector<int32_t> row_of(const engine::Session& session, const PromptStyle& style,
                            const Prompt& prompt, bool chat) {
  if (!style.classifier) return prompt_row(session, prompt, chat);
  if (const auto& pairs = style.classifier->pairs) {
    return pairs->read(session, read_pair(*pairs, prompt).text).text.tokens;
  }
  return classifier_row(session, prompt, style.classifier->markers).tokens;
}

}  // namespace relatum::task
