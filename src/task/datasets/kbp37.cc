// KBP37's text format: SemEval's lines, with blanks around what <e1> and <e2> mark.
#include <fmt/format.h>

#include <algorithm>

#include "io/text_file.h"
#include "task/dataset.h"
#include "task/raw_row.h"

namespace relatum::task {
namespace {

constexpr std::string_view kBlanks = " \t\r";

/// Relations with a direction; each is one label for each of its directions.
constexpr std::string_view kRelations[] = {"org:alternate_names",
                                           "org:city_of_headquarters",
                                           "org:country_of_headquarters",
                                           "org:founded",
                                           "org:founded_by",
                                           "org:members",
                                           "org:stateorprovince_of_headquarters",
                                           "org:subsidiaries",
                                           "org:top_members/employees",
                                           "per:alternate_names",
                                           "per:cities_of_residence",
                                           "per:countries_of_residence",
                                           "per:country_of_birth",
                                           "per:employee_of",
                                           "per:origin",
                                           "per:spouse",
                                           "per:stateorprovinces_of_residence",
                                           "per:title"};

const std::vector<std::string>& labels() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = {"no_relation"};
    for (const std::string_view relation : kRelations) {
      for (const char* direction : {"(e1,e2)", "(e2,e1)"}) {
        all.push_back(std::string(relation) + direction);
      }
    }
    return all;
  }();
  return names;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// The sentence without its quotes and without the blanks that stand inside of the marks.
std::string unpadded(std::string_view sentence) {
  sentence = trimmed(sentence);
  if (sentence.size() > 1 && sentence.front() == '"' && sentence.back() == '"') {
    sentence = trimmed(sentence.substr(1, sentence.size() - 2));
  }
  std::string text(sentence);
  for (const char* mark : {"<e1>", "<e2>"}) {
    const size_t at = text.find(mark);
    if (at != text.npos && text.substr(at + 4).starts_with(' ')) text.erase(at + 4, 1);
  }
  for (const char* mark : {"</e1>", "</e2>"}) {
    const size_t at = text.find(mark);
    if (at != text.npos && at > 0 && text[at - 1] == ' ') text.erase(at - 1, 1);
  }
  return text;
}

bool is_sentence(std::string_view line) {
  const size_t digits = line.find_first_not_of("0123456789");
  return digits > 0 && digits != line.npos && (line[digits] == '\t' || line[digits] == ' ');
}

Example parse_sentence(std::string_view line, int64_t number, std::string& problem) {
  const size_t digits = line.find_first_not_of("0123456789");
  Example example;
  example.id = line.substr(0, digits);
  example.line = number;
  problem = take_marks(unpadded(line.substr(digits)), example);
  return example;
}

void read(std::string_view bytes, RowSink& rows) {
  std::optional<Example> open;
  bool broken = false;
  const auto finish = [&] {
    if (open) rows.add(std::move(*open));
    open.reset();
  };
  io::for_lines(bytes, [&](std::string_view whole, int64_t number) {
    const std::string_view line = trimmed(whole);
    if (line.empty()) {
      finish();
      broken = false;
    } else if (is_sentence(line)) {
      finish();
      std::string problem;
      Example example = parse_sentence(line, number, problem);
      broken = !problem.empty();
      if (broken) rows.bad(number, problem);
      else open = std::move(example);
    } else if (open && !open->label) {
      open->label = std::string(line);
    } else if (!broken && !line.starts_with("Comment")) {
      open.reset();
      broken = true;
      rows.bad(number, "expected a number and a sentence");
    }
  });
  finish();
}

/// Its labels tell it from SemEval's files, which look alike otherwise.
bool sniff(std::string_view, std::string_view first) {
  size_t at = 0;
  for (int lines = 0; lines < 40 && at < first.size(); ++lines) {
    const size_t end = std::min(first.find('\n', at), first.size());
    const std::string_view line = trimmed(first.substr(at, end - at));
    at = end + 1;
    if (lines == 0 && !is_sentence(line)) return false;
    if (line.starts_with("per:") || line.starts_with("org:") || line == "no_relation") return true;
  }
  return false;
}

}  // namespace

const DatasetFormat& dataset_kbp37() {
  static const DatasetFormat format = {
      .name = "kbp37",
      .description = "KBP37: numbered sentences with <e1> … </e1>, and labels as per:title(e1,e2)",
      .inventory = labels,
      .sniff = sniff,
      .read = read};
  return format;
}

}  // namespace relatum::task
