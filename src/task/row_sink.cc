// Hands good rows on; stops at bad ones or lists them.
#include "task/row_sink.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "base/error_sentence.h"
#include "base/known_names.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "io/text_file.h"
#include "task/forms.h"

namespace relatum::task {
namespace {

constexpr size_t kMostKinds = 1000;  // distinct unknown names that are kept apart
constexpr size_t kShown = 3;

/// Without "row 7", which the place says already.
std::string without_number(const std::string& sentence, int64_t row) {
  if (row == 0) return sentence;
  for (const char* word : {"row", "task"}) {
    const std::string name = fmt::format("{} {}", word, row);
    if (sentence.starts_with(name + ": ")) return sentence.substr(name.size() + 2);
    if (sentence.starts_with(name + " ")) return "it" + sentence.substr(name.size());
  }
  return sentence;
}

}  // namespace

std::string full_sentence(std::string sentence) {
  return sentence.ends_with('?') ? sentence : sentence + '.';
}

std::string bare_sentence(const Error& error) {
  std::string sentence = sentence_of(error);
  if (sentence.ends_with('.')) sentence.pop_back();
  for (const char* advice : {". Correct the value", ". Correct this place", ". Add it"}) {
    if (sentence.ends_with(advice)) sentence.resize(sentence.size() - std::string(advice).size());
  }
  return sentence;
}

void RowSink::count(std::map<std::string, Count>& counts, const std::string& key, int64_t line,
                    const std::string& detail) {
  if (counts.size() >= kMostKinds && !counts.contains(key)) return;
  Count& all = counts[key];
  if (all.rows++ == 0) {
    all.first = at_place({part_, line, row_});
    all.detail = detail;
  }
}

void RowSink::unknown_field(const std::string& name, std::span<const std::string> known,
                            int64_t line) {
  const auto at = fields_.find(name);
  count(fields_, name, line, at == fields_.end() ? nearest_name(name, known) : "");
}

void RowSink::odd(const std::string& what, int64_t line) { count(odd_, what, line, ""); }

void RowSink::settle_labels(Example& example) {
  const std::vector<std::string> written = gold_labels(example);
  if (written.empty()) return;
  example.label.reset();
  example.more_labels.clear();
  for (const std::string& label : written) {
    const std::string form = seen_form(label);
    if (form.empty()) continue;  // an empty label is none
    if (form != label) count(forms_, label, example.line, form);
    add_gold_label(example, form);
  }
}

void RowSink::add(Example example, std::optional<int64_t> number) {
  example.file = part_;
  example.row = row_;
  std::vector<std::string> parts = gold_labels(example);
  parts.insert(parts.end(), {example.id, example.text});
  for (const std::string& part : parts) {
    if (!utf8_valid(part)) return bad_bytes(example.line, io::encoding_problem(part, false));
  }
  settle_labels(example);
  const bool numbered = example.id.empty();
  if (numbered) example.id = std::to_string(number.value_or(example.line));
  const std::string problem = example_problem(example);
  if (problem.empty()) {
    good_ = true;
    return take_(std::move(example), numbered);
  }
  const std::string name = numbered ? "" : fmt::format("row '{}': ", printable_start(example.id));
  bad(example.line, name + problem);
}

void RowSink::add_document(Document document, std::optional<int64_t> number) {
  const bool numbered = document.id.empty();
  if (numbered) document.id = std::to_string(number.value_or(document.line));
  document.file = part_;
  document.row = row_;
  const std::string problem = settle(document);
  if (!problem.empty()) {
    const std::string name = utf8_valid(document.id)
                                 ? fmt::format("document '{}': ", printable_start(document.id))
                                 : "";
    return bad(document.line, name + problem);
  }
  good_ = true;
  hand_on(std::move(document), numbered);
}

void RowSink::hand_on(Document&& document, bool numbered) {
  if (take_document_) return take_document_(std::move(document), numbered);
  PairCount count;
  try {
    count = make_pairs(document, rule_,
                       [&](Example&& example) { take_(std::move(example), numbered); });
  } catch (const Error& error) {
    if (!std::string_view(error.what()).starts_with("[task.pairs]")) throw;
    return bad(document.line, error);
  }
  unrelated_left_out_ = unrelated_left_out_ || count.unrelated_left_out;
  if (count.too_far > 0) {
    odd("relations whose entities are farther apart than the window of the SPEC are left out, in",
        document.line);
  }
}

void RowSink::bad(int64_t line, const std::string& sentence) {
  const bool told = good_ || guess_.empty();
  list(line, sentence,
       (told ? "Correct"
             : guess_ + " Where it is of another format, name that by FORMAT:PATH. Else correct") +
           " the row, or leave such rows out with --skip-bad-rows.");
}

void RowSink::bad(int64_t line, const Error& error) { bad(line, bare_sentence(error)); }

void RowSink::bad_bytes(int64_t line, const std::string& odd) {
  odd_bytes_ = true;
  list(line, "the row is not UTF-8: it " + odd,
       "--skip-bad-rows would leave such rows out. Save the file as UTF-8.");
}

void RowSink::list(int64_t line, const std::string& given, const std::string& advice) {
  const std::string sentence = without_number(given, row_);
  if (!skip_bad_) {
    fail("task." + room_, fmt::format("{}: {} {}", full_place(file(), {"", line, row_}),
                                      full_sentence(sentence), advice));
  }
  bad_rows_.push_back({line, sentence, part_, row_});
}

void RowSink::fatal(const std::string& sentence, int64_t line) const {
  const std::string guess = this->guess().empty() ? "" : " " + this->guess();
  const std::string place = line > 0 ? fmt::format("{}:{}", file(), line) : file();
  fail("task." + room_, fmt::format("{}: {}{}", place, sentence, guess));
}

std::vector<std::string> RowSink::warnings() const {
  std::vector<std::string> lines;
  const auto first_few = [](const std::map<std::string, Count>& counts, const auto& tell) {
    std::string list;
    size_t shown = 0;
    for (const auto& [name, all] : counts) {
      if (++shown > kShown) return list + " …";
      list += (list.empty() ? "" : ", ") + tell(printable_start(name, 40), all);
    }
    return list;
  };
  if (!fields_.empty()) {
    lines.push_back(fmt::format("fields that are not read: {}.",
                                first_few(fields_,
                                          [](const std::string& name, const Count& all) {
      if (name == "adapter") return fmt::format("'{}' (but by extract --adapter NAME=RUN)", name);
      const std::string near = all.detail.empty() ? "" : fmt::format(", near to '{}'", all.detail);
      return fmt::format("'{}' (first {}{})", name, all.first, near);
                                })));
  }
  int64_t rows = 0;
  for (const auto& [written, all] : forms_) rows += all.rows;
  if (rows > 0) {
    lines.push_back(fmt::format(
        "labels with other blanks or Unicode forms are read as their plain form, in {}: {}.",
        counted(rows, "row"), first_few(forms_, [](const std::string& written, const Count& all) {
          return fmt::format("'{}' {} as '{}'", written, all.first,
                             printable_start(all.detail, 40));
        })));
  }
  for (const auto& [what, all] : odd_) {
    lines.push_back(fmt::format("{}: {}{} {}.", what, counted(all.rows, "row"),
                                all.rows == 1 ? "," : ", the first", all.first));
  }
  return lines;
}

}  // namespace relatum::task
