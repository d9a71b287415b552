// From an example and its neighbours to the text that a model reads, and the answer it should give.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/example.h"
#include "task/labels.h"
#include "task/template.h"

namespace relatum::task {

/// A way to ask; one file in task/prompts is one built-in style.
struct PromptStyle {
  std::string name;         ///< as after --prompt, e.g. "compact", or a template file's path
  std::string description;  ///< one line for --help
  Template body;
  /// The answer text of a label, in prompts and completions; nullptr: the label itself.
  std::string (*verbalise)(std::string_view label) = nullptr;

  bool uses_labels() const { return body.uses_labels(); }
  bool uses_example() const { return body.uses_example(); }
  std::string answer(std::string_view label) const;
};

/// All built-in styles; generated from the folder.
std::span<const PromptStyle* const> prompt_styles();
/// A built-in style by name, or a template file. Throws Error that lists the styles, or names
/// file:line. A name wins over a file: write ./compact for a file of that name.
/// A file's text is taken without a byte-order mark and one final line end, its lines end with LF.
PromptStyle load_style(const std::string& name_or_path);
/// Answer texts of the whole inventory, in its order: the labels themselves where the style would
/// give two of them one text or one of them none. Throws Error for an empty inventory.
std::vector<std::string> answer_texts(const PromptStyle& style, const Labels& labels);

/// One row for a model.
struct Prompt {
  std::string id;
  std::string prompt;
  std::string completion;     ///< " " and the answer text; empty where the example has no label
  int64_t prefix_chars = 0;   ///< leading code points that all rows share: instruction, labels
};

/// Renders examples of one inventory in one style. Cheap to keep, safe to share between threads.
class PromptRenderer {
 public:
  /// Throws Error where the inventory is empty.
  PromptRenderer(PromptStyle style, Labels labels);
  /// `neighbours`: nearest first; none is fine unless the template insists on one. Labels that the
  /// inventory lacks are an Error that names them, and so is a neighbour without the label that the
  /// template shows.
  Prompt render(const Example& example, std::span<const Example* const> neighbours = {}) const;

  const PromptStyle& style() const { return style_; }
  const Labels& labels() const { return labels_; }
  /// Answer texts in the inventory's order; completions are these behind one space.
  const std::vector<std::string>& answers() const { return answers_; }

 private:
  PromptStyle style_;
  Labels labels_;
  std::vector<std::string> answers_;
  std::string label_list_;
  int64_t prefix_chars_ = 0;
};

}  // namespace relatum::task
