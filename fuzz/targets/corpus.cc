// Files of examples, in the format that shows and in one that may be named.
#include <string>

#include "../memory.h"
#include "../texts.h"
#include "task/dataset.h"
#include "task/load.h"
#include "task/prompt.h"

namespace relatum::fuzz {
namespace {

void use(const task::Dataset& data) {
  require(!data.examples.empty(), "what is read has an example");
  for (const task::Example& example : data.examples) {
    require(task::example_problem(example).empty(), "examples that are read are sound");
    for (const std::string& text : {task::head_text(example), task::tail_text(example),
                                    task::marked_text(example), task::bracketed_text(example),
                                    task::normalised_text(example.text)}) {
      require_utf8(text);
    }
    for (const std::string& label : task::gold_labels(example)) {
      require(data.labels.find(label).has_value(), "labels that occur are in the inventory");
    }
  }
  for (const task::BadRow& row : data.bad_rows) require_utf8(row.sentence);
  for (const std::string& warning : data.warnings) require_utf8(warning);
  if (data.labels.empty()) return;
  const task::PromptRenderer renderer(*task::prompt_styles().front(), data.labels);
  const task::Example* neighbour = &data.examples.front();
  const task::Example& last = data.examples.back();
  accepts([&] { require_utf8(renderer.render(last, {&neighbour, 1}).prompt); });
}

bool read(const std::string& spec, bool skip) {
  task::LoadOptions options;
  options.skip_bad_rows = skip;
  return accepts([&] { use(task::load_dataset(spec, options)); });
}

bool run(Bytes bytes) {
  static const MemoryFolder folder;
  const std::string path = folder.write("rows", bytes).string();
  const bool taken = read(path, false);
  if (!taken) read(path, true);  // goes on behind bad rows
  // Of the formats that may be named, one: all of them would take the time of several inputs.
  const auto formats = task::dataset_formats();
  read(std::string(formats[bytes.size() % formats.size()]->name) + ":" + path, true);
  return taken;
}

}  // namespace

const Target& target_corpus() {
  static const Target target{"corpus", run};
  return target;
}

}  // namespace relatum::fuzz
