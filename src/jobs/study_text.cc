// Breaks lines at blanks, and lays settings out arm by arm.
#include "jobs/study_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "io/json.h"
#include "jobs/markdown_text.h"
#include "jobs/study_results.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

// By "stage flag", of each arm its value; nothing where it has no such stage.
using Settings = std::map<std::string, std::vector<std::optional<std::string>>>;

size_t characters(const std::string& text) {
  return size_t(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

// What stages take from one another is told by their own settings, and seeds differ within an arm.
bool left_out(const std::string& stage, const std::string& flag) {
  return flag == "adapter" || flag == "index" || (stage == "finetune" && flag == "seed");
}

// What the run chose itself stands in the place of the option that left it to the run.
void add_chosen(const json& record, size_t arm, Settings& settings) {
  const json* training = io::find(record, "training");
  if (!training) return;
  const json* tokens = io::find(*training, "batch_tokens");
  const auto row = settings.find("finetune batch-tokens");
  if (!tokens || !tokens->is_number() || row == settings.end()) return;
  row->second[arm] = fmt::format("{}", tokens->get<double>());
}

// Of each arm's first record.
Settings settings_of(const std::vector<const json*>& arms) {
  Settings settings;
  for (size_t i = 0; i < arms.size(); ++i) {
    for (const auto& [stage, parts] : arms[i]->at("settings").items()) {
      settings[stage].resize(arms.size());
      settings[stage][i] = "yes";
      for (const char* kind : {"settings", "inputs"}) {
        for (const auto& [flag, value] : parts.at(kind).items()) {
          if (left_out(stage, flag)) continue;
          auto& row = settings[stage + " " + flag];
          row.resize(arms.size());
          const std::string text = value.get<std::string>();
          row[i] = text.empty() ? "yes" : text;
          if (std::string(kind) != "inputs") continue;
          // A hash, and parts of the data behind it.
          const size_t blank = std::min(text.find(' '), text.size());
          row[i] = text.substr(0, std::min<size_t>(12, blank)) + text.substr(blank);
        }
      }
    }
    add_chosen(*arms[i], i, settings);
  }
  return settings;
}

// Whether all arms that have the stage have the same.
bool is_shared(const Settings& settings, const std::string& name) {
  const auto& stage = settings.at(name.substr(0, name.find(' ')));
  const auto& row = settings.at(name);
  std::optional<std::string> first;
  for (size_t i = 0; i < row.size(); ++i) {
    const bool whole = name.find(' ') == name.npos;
    if (!whole && !stage[i]) continue;
    const std::string value = row[i].value_or("");
    if (first && *first != value) return false;
    first = value;
  }
  return true;
}

constexpr size_t kColumns = 140;

// A word that is longer than a line, as lists of labels are, gets a blank behind each comma that
// stands in no brackets.
std::string with_breaks(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const bool whole = characters(text.substr(at, end - at)) <= kColumns;
    int depth = 0;
    for (; at < end; ++at) {
      depth += (text[at] == '(') - (text[at] == ')');
      out += text[at];
      if (!whole && text[at] == ',' && depth == 0 && at + 1 < end) out += ' ';
    }
    if (at < text.size()) out += text[at++];
  }
  return out;
}

}  // namespace

std::string wrapped(const std::string& given) {
  const std::string text = with_breaks(given);
  const std::string indent = text.starts_with("- ") ? "  " : "";
  std::string out;
  size_t column = 0;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    const size_t width = characters(word);
    if (column > 0 && column + 1 + width > kColumns) {
      out += "\n" + indent;
      column = indent.size();
    } else if (at > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width;
    at = end + 1;
  }
  return out + "\n";
}

std::string study_settings_text(const json& all, const std::vector<std::string>& arms) {
  std::vector<const json*> given;
  for (const std::string& arm : arms) given.push_back(arm_records(all, arm).at(0));
  const Settings settings = settings_of(given);
  std::vector<std::string> shared, lines(arms.size());
  std::string head, rule;
  for (const auto& [name, row] : settings) {
    if (is_shared(settings, name)) {
      const auto value = std::ranges::find_if(row, [](const auto& each) { return bool(each); });
      if (name.find(' ') != name.npos) {
        shared.push_back(markdown_text(name + " " + value->value_or("")));
      }
      continue;
    }
    head += " " + markdown_text(name) + " |";
    rule += " --- |";
    for (size_t i = 0; i < row.size(); ++i) {
      lines[i] += " " + markdown_text(row[i].value_or("–")) + " |";
    }
  }
  std::string text;
  if (!head.empty()) {
    text += "What arms differ in (of data and models, the beginning of their SHA-256):\n\n| arm |" +
            head + "\n| --- |" + rule + "\n";
    for (size_t i = 0; i < arms.size(); ++i) {
      text += fmt::format("| {} |{}\n", markdown_text(arms[i]), lines[i]);
    }
    text += "\n";
  }
  if (shared.empty()) return text;
  return text + "<details><summary>What all arms share that have the stage</summary>\n\n" +
         wrapped(fmt::format("{}.", fmt::join(shared, ", "))) + "\n</details>\n";
}

}  // namespace relatum::jobs
