// Prompt templates: text with {{placeholders}} and sections that repeat for each retrieved example.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/example.h"
#include "text/data_range.h"

namespace relatum::task {

/// What a template is filled with. `answers[i]` is the text that stands for examples[i]'s label.
struct TemplateValues {
  const Example* query = nullptr;
  std::span<const Example* const> neighbours;
  std::span<const std::string> neighbour_answers;
  std::string_view labels;  ///< the label list, ready to print
};

/// A parsed template. Placeholders: {{text}}, with the entities marked {{marked_text}} (<e1>…</e1>
/// <e2>…</e2>) {{bracketed_text}} ([…] {…}) {{starred_text}} ([ …] * …*: see task/marked.h),
/// {{head}} {{tail}} {{head_type}} {{tail_type}} {{labels}}, and of a retrieved example
/// {{example_text}} {{example_marked_text}} {{example_bracketed_text}} {{example_starred_text}}
/// {{example_head}} {{example_tail}} {{example_head_type}} {{example_tail_type}}
/// {{example_label}}.
/// Sections: {{#example}}…{{/example}} repeats for each neighbour, nearest first;
/// {{#examples}}…{{/examples}} stands once where there is any; {{#head_type}}…{{/head_type}} stands
/// where that placeholder's value is not empty (so for each placeholder); with ^ for # the section
/// stands in the other case. Outside {{#example}}, example_… is the nearest neighbour's.
class Template {
 public:
  /// Throws Error with place:line for an unknown placeholder, an unclosed {{ or section.
  static Template parse(std::string_view text, std::string_view place);

  /// Values are inserted as they are; braces in them mean nothing. Throws Error where an example_…
  /// outside a section has no neighbour.
  std::string render(const TemplateValues& values) const { return render(values, nullptr); }
  /// The same; `data` gains the bytes of the result that are no literal text of the template and no
  /// entity marker: what the rows and the labels brought.
  std::string render(const TemplateValues& values, std::vector<text::DataRange>* data) const;
  /// What it brings to prompts itself: its literal texts and the markers of its placeholders, in
  /// order, sections included.
  std::vector<std::string> own_texts() const;
  /// The leading part that no row changes: literal text and the label list.
  std::string shared_prefix(std::string_view labels) const;
  bool uses_labels() const { return uses_labels_; }
  bool uses_example() const { return uses_example_; }
  bool uses_example_label() const { return uses_example_label_; }
  /// The text that was parsed: what makes two templates the same.
  const std::string& source() const { return source_; }
  /// Whether an example_… stands outside a section: rows without a neighbour cannot be rendered.
  bool needs_example() const { return needs_example_; }

  struct Node;

 private:
  std::string place_, source_;
  std::shared_ptr<const std::vector<Node>> nodes_;  // shared: copies of a style are cheap
  bool uses_labels_ = false, uses_example_ = false, needs_example_ = false;
  bool uses_example_label_ = false;
};

}  // namespace relatum::task
