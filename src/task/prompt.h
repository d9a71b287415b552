// From an example and its neighbours to the text that a model reads, and the answer it should give.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "task/answer_words.h"
#include "task/example.h"
#include "task/labels.h"
#include "task/template.h"

namespace relatum::task {

struct ClassifierStyle;

/// A way to ask; one file in task/prompts is one built-in style.
struct PromptStyle {
  std::string name;         ///< as after --prompt, e.g. "compact", or a template file's path
  std::string description;  ///< one line for --help
  Template body;
  /// The answer text of a label, in prompts and completions; nullptr: the label itself.
  Verbalise verbalise = nullptr;
  bool from_file = false;  ///< a template file's, or one that a run kept
  /// Rows are classified, not answered in words (task/classifier_rows.h); nullptr: answered.
  std::shared_ptr<const ClassifierStyle> classifier{};

  bool uses_labels() const { return body.uses_labels(); }
  bool uses_example() const { return body.uses_example(); }
};

/// All built-in styles; generated from the folder.
std::span<const PromptStyle* const> prompt_styles();
/// A built-in style by name, or a template file. Throws Error that lists the styles, or names
/// file:line. A name wins over a file: write ./compact for a file of that name.
PromptStyle load_style(const std::string& name_or_path);
/// A template file. Its line ends become LF, and a byte-order mark and one final line end are not
/// part of the template. Throws Error naming file:line.
PromptStyle load_template(const std::filesystem::path& path);

/// What a style is: its template with LF line ends and one at its end, as load_template takes it.
std::string style_text(const PromptStyle& style);
/// SHA-256 of style_text(): two styles that ask alike have one.
std::string style_hash(const PromptStyle& style);

/// Answer texts of the whole inventory, in its order, by the rule of answer_words(). Throws Error
/// for an empty inventory.
std::vector<std::string> answer_texts(const PromptStyle& style, const Labels& labels);

/// One row for a model.
struct Prompt {
  std::string id;
  std::string prompt;
  std::string completion;    ///< " " and the answer text; empty where the example has no label
  int64_t prefix_chars = 0;  ///< leading code points that all rows share: instruction, labels
  /// The bytes of `prompt` that come from data: text in them is never read as a control token.
  std::vector<text::DataRange> data{};
};

/// Renders examples of one inventory in one style. Cheap to keep, safe to share between threads.
class PromptRenderer {
 public:
  /// Throws Error where the inventory is empty.
  PromptRenderer(PromptStyle style, Labels labels);
  /// With given answer texts, one per label, and words for labels that only neighbours may have.
  PromptRenderer(PromptStyle style, Labels labels, std::vector<std::string> answers,
                 const AnswerWords& of_neighbours = {});
  /// `neighbours`: nearest first; none is fine unless the template insists on one. Labels that the
  /// inventory lacks are an Error that names them, and so is a neighbour without the label that the
  /// template shows.
  Prompt render(const Example& example, std::span<const Example* const> neighbours = {}) const;
  /// The same with a list of these labels alone, by their places in the inventory, in this order.
  Prompt render_listing(const Example& example, std::span<const Example* const> neighbours,
                        std::span<const int64_t> listed) const;

  const PromptStyle& style() const { return style_; }
  const Labels& labels() const { return labels_; }
  /// Answer texts in the inventory's order; completions are these after one space.
  const std::vector<std::string>& answers() const { return answers_; }

 private:
  std::string label_list(std::span<const int64_t> listed) const;
  Prompt render_with(const Example& example, std::span<const Example* const> neighbours,
                     std::string_view label_list) const;

  PromptStyle style_;
  Labels labels_;
  std::vector<std::string> answers_;
  std::map<std::string, std::string, std::less<>> of_neighbours_;
  std::string label_list_;
  int64_t prefix_chars_ = 0;
};

/// {"id","prompt","completion","prefix_chars"}, one line of `relatum prepare`, without its end.
std::string to_json(const Prompt& prompt);

}  // namespace relatum::task
