// Files of examples, in the format that shows and in one that may be named.
#include <algorithm>
#include <optional>
#include <sstream>
#include <string>

#include "../memory.h"
#include "../texts.h"
#include "task/convert.h"
#include "task/dataset.h"
#include "task/load.h"
#include "task/prompt.h"

namespace relatum::fuzz {
namespace {

void use(const task::Dataset& data) {
  require(!data.examples.empty(), "what is read has an example");
  for (const task::Example& example : data.examples) {
    require(task::example_problem(example).empty(), "examples that are read are sound");
    for (const std::string& text :
         {task::head_text(example), task::tail_text(example), task::marked_text(example),
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

/// Whole documents are sound, and what is written of them is read again.
void use_documents(const std::string& spec) {
  task::LoadOptions options;
  options.skip_bad_rows = options.keep_unknown_labels = true;
  std::string lines;
  const auto writers = {
      task::jsonl_writer([&](std::string_view part) { lines += part; }),
      task::tacred_writer([](std::string_view part) { require_utf8(std::string(part)); }),
      task::csv_writer([](std::string_view part) { require_utf8(std::string(part)); }, true)};
  int64_t count = 0;
  accepts([&] {
    task::read_documents(task::parse_spec(spec), options, [&](task::Document&& document) {
      ++count;
      require(task::settle(document).empty(), "documents that are read are sound");
      for (const auto& writer : writers) writer->add(document);
    });
  });
  if (count == 0) return;
  static const MemoryFolder folder;
  const auto bytes = std::as_bytes(std::span(lines));
  const std::string path = folder.write("written", bytes).string();
  int64_t again = 0;
  task::read_documents(task::parse_spec("jsonl:" + path), options,
                       [&](task::Document&&) { ++again; });
  require(count == again, "what convert writes is read");
}

bool read(const std::string& spec, bool skip) {
  task::LoadOptions options;
  options.skip_bad_rows = skip;
  return accepts([&] { use(task::load_dataset(spec, options)); });
}

std::optional<task::Dataset> loaded(const std::string& spec, std::istream* input) {
  task::LoadOptions options;
  options.skip_bad_rows = true;
  options.input = input;
  std::optional<task::Dataset> data;
  accepts([&] { data = task::load_dataset(spec, options); });
  return data;
}

// Rows that come through a pipe are those of the file.
void compare_with_pipe(const std::string& format, const std::string& path, Bytes bytes) {
  std::istringstream input(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  const auto file = loaded(format + ":" + path, nullptr), pipe = loaded(format + ":-", &input);
  // A file's documents are looked through for a negative label before their pairs are made.
  if (file && std::any_of(file->examples.begin(), file->examples.end(),
                          [](const task::Example& each) { return !each.document.empty(); })) {
    return;
  }
  require(file.has_value() == pipe.has_value(), "a pipe is taken where a file is");
  if (!file) return;
  require(file->count == pipe->count, "a pipe has as many rows as a file");
  require(file->bad_rows.size() == pipe->bad_rows.size(), "a pipe has as many bad rows as a file");
  for (size_t i = 0; i < file->examples.size(); ++i) {
    const task::Example &a = file->examples[i], &b = pipe->examples[i];
    require(a.id == b.id && a.line == b.line && a.text == b.text && a.label == b.label,
            "a pipe's rows are a file's");
  }
}

bool run(Bytes bytes) {
  static const MemoryFolder folder;
  const std::string path = folder.write("rows", bytes).string();
  const bool taken = read(path, false);
  if (!taken) read(path, true);  // goes on behind bad rows
  // Of the formats that may be named, one: all of them would take the time of several inputs.
  const auto formats = task::dataset_formats();
  const task::DatasetFormat& format = *formats[bytes.size() % formats.size()];
  const std::string name(format.name);
  read(name + ":" + path, true);
  use_documents(name + ":" + path);
  if (format.read_lines) compare_with_pipe(name, path, bytes);
  return taken;
}

}  // namespace

const Target& target_corpus() {
  static const Target target{"corpus", run};
  return target;
}

}  // namespace relatum::fuzz
