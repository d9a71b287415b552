// Renders prompts and finds styles.
#include "task/prompt.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.h"
#include "base/hash.h"
#include "base/known_names.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "io/text_file.h"

namespace relatum::task {
namespace {

constexpr uintmax_t kLargestTemplate = 1 << 20;  // a megabyte is a corpus, not a template

}  // namespace

PromptStyle load_template(const std::filesystem::path& path) {
  const std::string place = path.string();
  if (std::filesystem::file_size(path) > kLargestTemplate) {
    fail("task.prompt",
         fmt::format("{}: a template has at most 1 MiB. Is this the right file?", place));
  }
  std::string text = io::read_text(path);  // lines end with LF, whoever saved it
  if (text.ends_with('\n')) text.pop_back();
  if (text.empty()) fail("task.prompt", fmt::format("{}: the template is empty.", place));
  PromptStyle style;
  style.name = place;
  style.description = "template file";
  style.body = Template::parse(text, place);
  style.from_file = true;
  return style;
}

PromptStyle load_style(const std::string& name_or_path) {
  for (const PromptStyle* style : prompt_styles()) {
    if (style->name == name_or_path) return *style;
  }
  std::error_code ignored;
  if (std::filesystem::is_regular_file(name_or_path, ignored)) {
    return load_template(name_or_path);
  }
  const std::vector<std::string> known = names_of(prompt_styles());
  fail("task.prompt",
       fmt::format("prompt style '{}' is unknown, and no such file exists.{} Known styles: {}; or "
                   "name a template file.",
                   name_or_path, did_you_mean(name_or_path, known), fmt::join(known, ", ")));
}

std::string style_text(const PromptStyle& style) { return style.body.source() + "\n"; }

std::string style_hash(const PromptStyle& style) {
  const std::string text = style_text(style);
  return sha256(std::as_bytes(std::span(text)));
}

std::vector<std::string> answer_texts(const PromptStyle& style, const Labels& labels) {
  return answer_words(labels, style.verbalise);
}

PromptRenderer::PromptRenderer(PromptStyle style, Labels labels)
    : PromptRenderer(style, labels, answer_texts(style, labels)) {}

PromptRenderer::PromptRenderer(PromptStyle style, Labels labels, std::vector<std::string> answers,
                               const AnswerWords& of_neighbours)
    : style_(std::move(style)), labels_(std::move(labels)), answers_(std::move(answers)),
      of_neighbours_(of_neighbours.begin(), of_neighbours.end()) {
  RELATUM_CHECK(int64_t(answers_.size()) == labels_.size());
  std::vector<int64_t> all(answers_.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  label_list_ = label_list(all);
  prefix_chars_ = utf8_length(style_.body.shared_prefix(label_list_));
}

// Descriptions may have commas, so semicolons part labels that have some.
std::string PromptRenderer::label_list(std::span<const int64_t> listed) const {
  std::vector<std::string> items;
  for (const int64_t i : listed) {
    const std::string& description = labels_.description(i);
    items.push_back(answers_[size_t(i)] + (description.empty() ? "" : ": " + description));
  }
  return fmt::format("{}", fmt::join(items, labels_.described() ? "; " : ", "));
}

Prompt PromptRenderer::render(const Example& example,
                              std::span<const Example* const> neighbours) const {
  Prompt prompt = render_with(example, neighbours, label_list_);
  prompt.prefix_chars = prefix_chars_;
  return prompt;
}

Prompt PromptRenderer::render_listing(const Example& example,
                                      std::span<const Example* const> neighbours,
                                      std::span<const int64_t> listed) const {
  return render_with(example, neighbours, label_list(listed));
}

Prompt PromptRenderer::render_with(const Example& example,
                                   std::span<const Example* const> neighbours,
                                   std::string_view label_list) const {
  const auto answer = [&](const Example& of, std::string_view what) {
    return answers_[size_t(labels_.index(*of.label, fmt::format("{} '{}'", what, of.id)))];
  };
  std::vector<std::string> neighbour_answers;
  const bool show = style_.body.uses_example_label();
  for (const Example* neighbour : neighbours) {
    if (show && !neighbour->label) {
      fail("task.prompt", fmt::format("retrieved example '{}' has no label for style '{}' to show. "
                                      "Index labelled data.",
                                      printable_start(neighbour->id), style_.name));
    }
    const auto shown = show ? of_neighbours_.find(*neighbour->label) : of_neighbours_.end();
    if (shown != of_neighbours_.end() && !labels_.find(*neighbour->label)) {
      neighbour_answers.push_back(shown->second);
    } else neighbour_answers.push_back(show ? answer(*neighbour, "retrieved example") : "");
  }
  TemplateValues values;
  values.query = &example;
  values.neighbours = neighbours;
  values.neighbour_answers = neighbour_answers;
  values.labels = label_list;
  Prompt prompt;
  prompt.id = example.id;
  prompt.prompt = style_.body.render(values, &prompt.data);
  if (example.label) prompt.completion = " " + answer(example, "row");
  return prompt;
}

std::string to_json(const Prompt& prompt) {
  nlohmann::ordered_json row;
  row["id"] = prompt.id;
  row["prompt"] = prompt.prompt;
  row["completion"] = prompt.completion;
  row["prefix_chars"] = prompt.prefix_chars;
  return row.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace relatum::task
