// Prompt templates: text with {{placeholders}} and sections that repeat for each retrieved example.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/example.h"

namespace relatum::task {

/// What a template is filled with. `answers[i]` is the text that stands for examples[i]'s label.
struct TemplateValues {
  const Example* query = nullptr;
  std::span<const Example* const> neighbours;
  std::span<const std::string> neighbour_answers;
  std::string_view labels;  ///< the label list, ready to print
};

/// A parsed template. Placeholders: text, marked_text, head, tail, head_type, tail_type, labels, and with
/// "example_" in front the same of a retrieved example, plus example_label.
/// {{#example}}…{{/example}} repeats for each neighbour; {{^example}}…{{/example}} stands where
/// there is none. Outside a section example_… is the first neighbour's.
class Template {
 public:
  /// Throws Error with place:line for an unknown placeholder, an unclosed {{ or section.
  static Template parse(std::string_view text, std::string_view place);

  /// Values are inserted as they are; braces in them mean nothing. Throws Error where an example_…
  /// outside a section has no neighbour.
  std::string render(const TemplateValues& values) const;
  /// The leading part that no row changes: literal text and the label list.
  std::string shared_prefix(std::string_view labels) const;
  bool uses_labels() const { return uses_labels_; }
  bool uses_example() const { return uses_example_; }
  /// True where an example_… stands outside a section: rows without a neighbour cannot be rendered.
  bool needs_example() const { return needs_example_; }

  enum class Field { kLiteral, kText, kMarked, kHead, kTail, kHeadType, kTailType, kLabels, kLabel,
                     kOpenSome, kOpenNone, kClose };
  struct Node {
    Field field = Field::kLiteral;
    bool of_example = false;
    std::string literal;
  };

 private:
  void append(const Node& node, const TemplateValues& values, size_t neighbour,
              std::string& out) const;
  std::string place_;
  std::vector<Node> nodes_;
  bool uses_labels_ = false, uses_example_ = false, needs_example_ = false;
};

}  // namespace relatum::task
