// Takes a SPEC apart.
#include "task/spec.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"
#include "base/known_names.h"
#include "task/dataset.h"
#include "task/forms.h"

namespace relatum::task {
namespace {

constexpr int64_t kLeastWindow = 20;

template <class Integer>
Integer number(std::string_view digits, std::string_view key, std::string_view spec,
               Integer least) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < least) {
    const bool large = error == std::errc::result_out_of_range;
    fail("task.spec", fmt::format("{}: expected {}= a whole number of at least {}{}, got '{}'.",
                                  spec, key, least, large ? ", and a smaller one" : "", digits));
  }
  return value;
}

// Commas within brackets belong to a label: "Cause-Effect(e1,e2)".
std::vector<std::string> listed_labels(std::string_view list, std::string_view key,
                                       std::string_view spec) {
  std::vector<std::string> labels;
  std::string label;
  int depth = 0;
  const auto end = [&] {
    labels.push_back(seen_form(label));
    label.clear();
    if (!labels.back().empty()) return;
    fail("task.spec", fmt::format("{}: '{}=' names an empty label. Write the labels with one comma "
                                  "between two, such as {}causes(e1,e2),part-of.",
                                  spec, key, key == "few" ? "few=5:" : "without="));
  };
  for (const char c : list) {
    if (c == '(') ++depth;
    if (c == ')' && depth > 0) --depth;
    if (c == ',' && depth == 0) end();
    else label += c;
  }
  end();
  return labels;
}

void parse_part(std::string_view part, Spec& spec) {
  const size_t equals = part.find('=');
  const std::string_view key = part.substr(0, equals);
  const std::string_view value = equals == part.npos ? "" : part.substr(equals + 1);
  if (key == "limit") {
    spec.limit = number<int64_t>(value, key, spec.text, 1);
  } else if (key == "sample") {
    spec.sample = number<int64_t>(value, key, spec.text, 1);
  } else if (key == "seed") {
    spec.seed = number<uint64_t>(value, key, spec.text, 0);
  } else if (key == "window") {
    spec.window = number<int64_t>(value, key, spec.text, kLeastWindow);
  } else if (key == "negative") {
    spec.negative = seen_form(value);
    if (spec.negative.empty()) {
      fail("task.spec", fmt::format("{}: 'negative=' names no label.", spec.text));
    }
  } else if (key == "entities") {
    if (value != "marked") {
      fail("task.spec", fmt::format("{}: expected entities=marked, got '{}'.", spec.text, value));
    }
    spec.marked_entities = true;
  } else if (key == "offsets") {
    if (value != "graphemes" && value != "utf16" && value != "code_points") {
      fail("task.spec", fmt::format("{}: expected offsets=code_points, utf16 or graphemes, got "
                                    "'{}'.",
                                    spec.text, value));
    }
    spec.offsets = value;
  } else if (key == "few") {
    const size_t colon = value.find(':');
    if (colon == value.npos || !spec.few_labels.empty()) {
      fail(
          "task.spec",
          fmt::format("{}: expected few=N:LABELS, once, such as few=5:causes,part-of.", spec.text));
    }
    spec.few = number<int64_t>(value.substr(0, colon), key, spec.text, 1);
    spec.few_labels = listed_labels(value.substr(colon + 1), key, spec.text);
  } else if (key == "without") {
    for (std::string& label : listed_labels(value, key, spec.text)) {
      spec.without.push_back(std::move(label));
    }
  } else {
    std::vector<std::string> known;
    for (const SpecPart& each : spec_parts()) known.push_back(each.name);
    fail("task.spec", fmt::format("{}: {} An example is data.jsonl?sample=400&seed=1.", spec.text,
                                  unknown_name("part", key, known)));
  }
}

bool is_format(std::string_view name) {
  for (const DatasetFormat* format : dataset_formats()) {
    if (format->name == name) return true;
  }
  return false;
}

}  // namespace

const std::vector<SpecPart>& spec_parts() {
  static const std::vector<SpecPart> parts = {
      {"limit", "N", "only the first N"},
      {"sample", "N", "N of these, drawn at random"},
      {"seed", "N", "what decides which"},
      {"without", "LABELS",
       "without rows that have one of these labels, which are then none of the data's; commas part "
       "them"},
      {"few", "N:LABELS",
       "of rows that have one of these labels, only the first N of each, of what limit and sample "
       "take; commas part the labels"},
      {"window", "N",
       "of documents: pairs see at most N characters of text around them, and those farther apart "
       "are left out",
       true},
      {"negative", "LABEL",
       "of documents: ordered pairs without a relation have this label (else no_relation or Other, "
       "where it is among the labels)",
       true},
      {"entities", "marked",
       "rows that mark one pair are read as documents, those of one text as one, in which these "
       "are all entities, for --task entities and joint, --pairs sentences and `convert`"},
      {"offsets", "HOW",
       "of doccano's and Label Studio's files: utf16, code_points or, of doccano's, graphemes, as "
       "the project counted"}};
  return parts;
}

Spec parse_spec(std::string_view text) {
  Spec spec;
  spec.text = text;
  std::string_view rest = text;
  const size_t question = rest.rfind('?');
  if (question != rest.npos && rest.find('=', question) != rest.npos) {
    std::string_view parts = rest.substr(question + 1);
    rest = rest.substr(0, question);
    while (!parts.empty()) {
      const size_t end = parts.find('&');
      parse_part(parts.substr(0, end), spec);
      parts = end == parts.npos ? "" : parts.substr(end + 1);
    }
  }
  const size_t colon = rest.find(':');
  if (colon != rest.npos && is_format(rest.substr(0, colon))) {
    spec.format = rest.substr(0, colon);
    rest = rest.substr(colon + 1);
  }
  spec.path = rest;
  if (spec.path.empty()) {
    fail("task.spec", fmt::format("'{}' names no file. Write FORMAT:PATH, PATH, or - for JSON "
                                  "lines on standard input.",
                                  text));
  }
  return spec;
}

}  // namespace relatum::task
