// Prompt templates: parsed, then rendered with no, one and two neighbours.
#include <string>
#include <vector>

#include "../texts.h"
#include "task/template.h"

namespace relatum::fuzz {
namespace {

task::Example example(const char* text, const char* type) {
  return {"1", text, {0, 3, type}, {4, 7, ""}, "founded_by(e2,e1)"};
}

void check_ranges(const std::string& text, const std::vector<text::DataRange>& data) {
  size_t behind = 0;
  for (const text::DataRange& range : data) {
    require(behind <= range.begin && range.begin <= range.end, "ranges of data are in order");
    behind = range.end;
  }
  require(behind <= text.size(), "ranges of data lie in the text");
}

void use(const task::Template& parsed) {
  static const task::Example query = example("Ana set up {{text}} for \u00c9ric.", "PERSON");
  static const task::Example first = example("One and <e1>two</e1> {{/example}}.", "");
  static const task::Example second = example("\u00c9t\u00e9 was late.", "DATE");
  static const std::vector<const task::Example*> neighbours = {&first, &second};
  static const std::vector<std::string> answers = {"founded by", "{{labels}}"};
  task::TemplateValues values;
  values.query = &query;
  values.labels = "founded by, works for";
  for (const std::string& own : parsed.own_texts()) require(!own.empty(), "own texts are texts");
  const std::string prefix = parsed.shared_prefix(values.labels);
  for (size_t count = 0; count <= neighbours.size(); ++count) {
    values.neighbours = std::span(neighbours).first(count);
    values.neighbour_answers = std::span(answers).first(count);
    const bool rendered = accepts([&] {
      std::vector<text::DataRange> data;
      const std::string text = parsed.render(values, &data);
      require(text.starts_with(prefix), "the shared prefix begins every prompt");
      check_ranges(text, data);
    });
    require(rendered == (count > 0 || !parsed.needs_example()),
            "a template without examples, and any with one, can be rendered");
  }
}

bool run(Bytes bytes) {
  return accepts([&] { use(task::Template::parse(text_of(bytes), "template")); });
}

}  // namespace

const Target& target_prompt_template() {
  static const Target target{"prompt_template", run};
  return target;
}

}  // namespace relatum::fuzz
