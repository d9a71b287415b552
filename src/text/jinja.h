// Chat templates in Jinja, as transformers renders them: the part of the language that they use.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "text/jinja_value.h"

namespace relatum::text::jinja {

struct Statement;

/// A parsed template. Known: text, {{ expressions }}, {# comments #}, the tags if, for (with a
/// condition, else, break and continue), set (also of namespaces and of blocks), with and
/// transformers' generation; filters, tests and methods are listed where they are done. White
/// space is cut as with trim_blocks and lstrip_blocks. What is known of Jinja gives jinja2's text,
/// but that tuples are lists; the rest (macros, includes, other filters …) is refused by its name
/// when the template is parsed.
class Template {
 public:
  /// Throws Error with the line.
  static Template parse(std::string_view source);

  /// The text, and which of its bytes come from values that are marked as data. Throws Error where
  /// the template raises an exception or computes what cannot be, for dates (strftime_now), which
  /// would make a prompt depend on the day, and where rendering takes more than prompts are worth.
  MarkedText render(Variables variables) const;

 private:
  std::shared_ptr<const std::vector<Statement>> body_;
};

}  // namespace relatum::text::jinja
