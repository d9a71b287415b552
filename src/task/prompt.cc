// Renders prompts and finds styles.
#include "task/prompt.h"

#include <fmt/format.h>

#include <filesystem>
#include <unordered_set>

#include "base/error.h"
#include "io/text_file.h"
#include "task/nearest.h"
#include "task/utf8.h"

namespace relatum::task {
namespace {

constexpr uintmax_t kLargestTemplate = 1 << 20;  // a megabyte is a corpus, not a template

PromptStyle load_template_file(const std::string& path) {
  if (std::filesystem::file_size(path) > kLargestTemplate)
    fail("task.prompt", fmt::format("{}: a template has at most 1 MiB. Is this the right file?",
                                    path));
  const std::string file = io::read_text(path);  // lines end with LF, whoever saved it
  std::string_view text = file;
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty()) fail("task.prompt", fmt::format("{}: the template is empty.", path));
  PromptStyle style;
  style.name = path;
  style.description = "template file";
  style.body = Template::parse(text, path);
  return style;
}

}  // namespace

std::string PromptStyle::answer(std::string_view label) const {
  return verbalise ? verbalise(label) : std::string(label);
}

PromptStyle load_style(const std::string& name_or_path) {
  std::vector<std::string> known;
  for (const PromptStyle* style : prompt_styles()) {
    if (style->name == name_or_path) return *style;
    known.push_back(style->name);
  }
  std::error_code ignored;
  if (std::filesystem::is_regular_file(name_or_path, ignored))
    return load_template_file(name_or_path);
  const std::string near = nearest_name(name_or_path, known);
  fail("task.prompt",
       fmt::format("prompt style '{}' is unknown, and no such file exists.{} Known styles: {}; or "
                   "name a template file.",
                   name_or_path, near.empty() ? "" : fmt::format(" Did you mean '{}'?", near),
                   fmt::join(known, ", ")));
}

std::vector<std::string> answer_texts(const PromptStyle& style, const Labels& labels) {
  if (labels.empty())
    fail("task.prompt", "the label inventory is empty: there is nothing to answer. Give the labels "
                        "with --labels, or data that has some.");
  std::vector<std::string> answers;
  std::unordered_set<std::string> seen;
  for (const std::string& label : labels.names()) {
    answers.push_back(style.answer(label));
    if (answers.back().empty() || !seen.insert(answers.back()).second) return labels.names();
  }
  return answers;
}

PromptRenderer::PromptRenderer(PromptStyle style, Labels labels)
    : style_(std::move(style)),
      labels_(std::move(labels)),
      answers_(answer_texts(style_, labels_)) {
  label_list_ = fmt::format("{}", fmt::join(answers_, ", "));
  prefix_chars_ = utf8_length(style_.body.shared_prefix(label_list_));
}

Prompt PromptRenderer::render(const Example& example,
                              std::span<const Example* const> neighbours) const {
  const auto answer = [&](const Example& of, std::string_view what) {
    return answers_[size_t(labels_.index(*of.label, fmt::format("{} '{}'", what, of.id)))];
  };
  std::vector<std::string> neighbour_answers;
  const bool show = style_.body.uses_example_label();
  for (const Example* neighbour : neighbours) {
    if (show && !neighbour->label)
      fail("task.prompt", fmt::format("retrieved example '{}' has no label for style '{}' to show. "
                                      "Index labelled data.",
                                      utf8_printable(neighbour->id), style_.name));
    neighbour_answers.push_back(show ? answer(*neighbour, "retrieved example") : "");
  }
  TemplateValues values;
  values.query = &example;
  values.neighbours = neighbours;
  values.neighbour_answers = neighbour_answers;
  values.labels = label_list_;
  Prompt prompt;
  prompt.id = example.id;
  prompt.prompt = style_.body.render(values);
  if (example.label) prompt.completion = " " + answer(example, "row");
  prompt.prefix_chars = prefix_chars_;
  return prompt;
}

}  // namespace relatum::task
