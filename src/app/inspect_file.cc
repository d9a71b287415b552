// Looks at the first bytes, then at the keys.
#include "app/inspect_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "app/inspect_adapter.h"
#include "app/inspect_folds.h"
#include "app/inspect_text.h"
#include "base/atomic_file.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "io/json.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "io/text_file.h"
#include "task/dataset.h"
#include "task/load.h"
#include "task/prediction.h"
#include "task/prediction_table.h"
#include "task/template.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kSeen = 4096;                // bytes that a file is told from
constexpr uintmax_t kLargestText = 64 << 20;  // JSON that is read as a whole
constexpr size_t kShownLabels = 60, kShownWarnings = 5;

std::string first_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kSeen, '\0');
  file.read(bytes.data(), std::streamsize(bytes.size()));
  bytes.resize(size_t(file.gcount()));
  return std::string(io::without_mark(bytes));
}

char first_letter(const std::string& bytes) {
  const size_t at = bytes.find_first_not_of(" \t\r\n");
  return at == bytes.npos ? '\0' : bytes[at];
}

std::string counts_text(const std::map<std::string, int64_t>& counts, size_t none) {
  std::vector<std::pair<std::string, int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text = inspect_line("labels", std::to_string(sorted.size()));
  for (size_t i = 0; i < sorted.size() && i < kShownLabels; ++i) {
    text += fmt::format("  {:>8}  {}\n", sorted[i].second, printable(sorted[i].first));
  }
  if (sorted.size() > kShownLabels) {
    text += fmt::format("  … and {} more\n", sorted.size() - kShownLabels);
  }
  return none ? text + fmt::format("  {:>8}  (without a label)\n", none) : text;
}

// Of rows their number; of documents what is marked in them.
struct DataCounts {
  std::map<std::string, int64_t> labels;
  size_t unlabelled = 0;
  int64_t rows = 0, documents = 0, entities = 0, relations = 0;

  void add(const task::Document& document) {
    ++(document.pair ? rows : documents);
    for (const task::Relation& each : document.relations) ++labels[each.label];
    if (document.pair) {
      unlabelled += document.relations.empty();
      return;
    }
    entities += int64_t(document.entities.size());
    relations += int64_t(document.relations.size());
  }
  std::string text() const {
    std::string text;
    if (rows || !documents) text += inspect_line("examples", std::to_string(rows));
    if (documents) {
      text += inspect_line("documents", std::to_string(documents)) +
              inspect_line("entities", std::to_string(entities)) +
              inspect_line("relations", std::to_string(relations));
    }
    return text;
  }
};

std::string data_text(const std::string& text_of_spec) {
  task::LoadOptions options;
  options.skip_bad_rows = true;
  options.texts = true;
  DataCounts counts;
  const task::Dataset data = task::read_documents(
      task::parse_spec(text_of_spec), options,
      [&](task::Document&& document) { counts.add(document); });
  std::string text = inspect_line("data", text_of_spec) + inspect_line("format", data.format) +
                     counts.text();
  if (!data.bad_rows.empty()) {
    text += inspect_line("bad rows", fmt::format("{} (commands stop at the first, or leave them "
                                                 "out with --skip-bad-rows)",
                                                 data.bad_rows.size()));
  }
  for (size_t i = 0; i < data.bad_rows.size() && i < kShownWarnings; ++i) {
    text += fmt::format("  {}: {}\n", task::place_text(task::place_of(data.bad_rows[i])),
                        printable(data.bad_rows[i].sentence));
  }
  for (size_t i = 0; i < data.warnings.size() && i < kShownWarnings; ++i) {
    text += inspect_line("warning", data.warnings[i]);
  }
  return text + counts_text(counts.labels, counts.unlabelled);
}

std::string predictions_text(const fs::path& path) {
  const auto predictions = task::read_predictions(path);
  std::map<std::string, int64_t> counts;
  size_t none = 0;
  int64_t probabilities = 0, neighbours = 0;
  for (const task::Prediction& each : predictions) {
    if (each.label) ++counts[*each.label];
    none += !each.label;
    probabilities += each.probability.has_value();
    neighbours += !each.neighbours.empty();
  }
  std::string text = inspect_line("predictions", path.string()) +
                     inspect_line("rows", std::to_string(predictions.size()));
  text += inspect_line("probability", "in " + counted(probabilities, "row"));
  if (neighbours) text += inspect_line("neighbours", "in " + counted(neighbours, "row"));
  return text + counts_text(counts, none);
}

// Rows of JSON lines, or of a table with a header, that have no kind of their own elsewhere.
std::string rows_text(const fs::path& path, const std::string& kind, bool table = false) {
  std::ifstream file(path, std::ios::binary);
  size_t rows = 0;
  std::string last;
  for (std::string line; std::getline(file, line);) {
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    ++rows;
    last = line;
  }
  std::string text = inspect_line(kind, path.string()) +
                     inspect_line("rows", std::to_string(rows - (table && rows ? 1 : 0)));
  if (table) return text;
  try {
    const json row = io::parse_json(last, path.string());
    for (const auto& [key, value] : row.items()) {
      text += inspect_line("last " + key, printable_start(io::dump_json(value), 100));
    }
  } catch (const Error&) {  // a line that is being written
  }
  return text;
}

std::string json_lines_text(const fs::path& path, const json& row) {
  const auto has = [&](const char* key) { return row.contains(key); };
  if (has("prompt") && has("completion")) return rows_text(path, "prompts");
  if (has("step")) return rows_text(path, "training log");
  if (has("text")) return data_text(path.string());
  if (has("id") && (has("label") || has("answer"))) return predictions_text(path);
  return "";
}

std::string record_text(const std::string& kind, const fs::path& path, const json& object) {
  std::string text = inspect_line(kind, path.string());
  for (const auto& [key, value] : object.items()) {
    text += fmt::format("{:<25} {}\n", printable(key), printable_start(io::dump_json(value), 200));
  }
  return text;
}

std::string object_text(const fs::path& path, const json& object) {
  const auto has = [&](const char* key) { return object.contains(key); };
  const std::string name = path.filename().string();
  const auto record = [&](const char* kind) { return record_text(kind, path, object); };
  if (has("peft_type")) return adapter_settings_text(path);
  if (has("folds") && has("data_sha256")) return inspect_folds_text(path);
  if (has("merged_from")) return record("record of a merged model");
  if (has("base_hash") && has("rank")) return record("run record");
  if (has("base_hash") && has("answer")) return record("extraction record");
  if (has("embedder") && has("examples_per_s")) return record("embedding record");
  if (has("official") && has("per_label")) return record("evaluation");
  if (has("embedder") && has("format")) return record("index settings");
  if (has("chat_template") || has("tokenizer_class")) return record("tokenizer settings");
  if (has("model") && has("added_tokens")) {
    return inspect_line("tokenizer", path.string()) +
           "Name its folder to see the tokenizer with its model.\n";
  }
  if (has("model_type") || has("architectures")) {
    return record("model settings") + "Name its folder to see the model.\n";
  }
  if (has("weight_map")) return inspect_line("weights index", path.string());
  if (name == "stages.json") return record("stages of a run");
  if (has("text") && (has("head") || has("entities"))) return data_text("jsonl:" + path.string());
  const bool words = !object.empty() &&
                     std::all_of(object.begin(), object.end(),
                                 [](const json& value) { return value.is_string(); });
  if (words) return record("answer words");
  const bool weights = !object.empty() &&
                       std::all_of(object.begin(), object.end(), [](const json& value) {
                         return value.is_number() && value.get<double>() > 0;
                       });
  return weights ? record("label weights") : "";
}

std::string json_text(const fs::path& path) {
  if (fs::file_size(path) > kLargestText) return "";
  const json value = io::load_json(path);
  if (value.is_object()) return object_text(path, value);
  const bool labels = value.is_array() && !value.empty() &&
                      std::all_of(value.begin(), value.end(),
                                  [](const json& v) { return v.is_string(); });
  if (!labels) return "";
  std::string text = inspect_line("labels", path.string()) +
                     inspect_line("count", std::to_string(value.size()));
  for (const json& label : value) text += "  " + printable(label.get<std::string>()) + "\n";
  return text;
}

std::string safetensors_text(const fs::path& path, bool all) {
  const auto file = io::Safetensors::open(path);
  const auto& notes = file.metadata();
  const auto named = [&](const char* part) {
    return std::any_of(file.tensors().begin(), file.tensors().end(), [&](const auto& tensor) {
      return tensor.name.find(part) != tensor.name.npos;
    });
  };
  const bool state = notes.contains("given") && notes.contains("step");
  std::string text = inspect_line(state             ? "training state"
                                  : named("lora_A") ? "adapter weights"
                                                    : "weights",
                                  path.string());
  if (!state && !named("lora_A")) text += "Name its folder to see the model.\n";
  for (const auto& [key, value] : notes) {
    text += fmt::format("{:<25} {}\n", printable(key), printable_start(value, 200));
  }
  return text + safetensors_lines(file, all);
}

std::string npy_text(const fs::path& path) {
  const Matrix<float> values = io::read_npy(path);
  return inspect_line("array", path.string()) +
         inspect_line("form",
                      fmt::format("NumPy, {} x {} of float32", values.rows(), values.cols()));
}

// Text that is no JSON: a template, a chat template, a TOML file, predictions, data.
std::string plain_text(const fs::path& path, const std::string& seen) {
  const std::string extension = path.extension().string();
  if (extension == ".toml") {
    return inspect_line("settings", path.string()) + "A file for `relatum run`.\n";
  }
  if (extension == ".jinja" || seen.find("{%") != seen.npos) {
    return inspect_line("chat template", path.string()) + printable_lines(seen) +
           (seen.ends_with('\n') ? "" : "\n");
  }
  if (seen.find("{{") != seen.npos && utf8_valid(read_file(path))) {
    const auto style = task::Template::parse(read_file(path), path.string());
    return inspect_line("template", path.string()) +
           inspect_line("labels listed", style.uses_labels() ? "yes" : "no") +
           inspect_line("example", style.needs_example()  ? "needed"
                                   : style.uses_example() ? "shown where there is one"
                                                          : "none");
  }
  if (extension == ".tsv") return predictions_text(path);
  return "";
}

// What extract writes for tables and triples, told by the header's columns. Empty for other files.
std::string answers_text(const fs::path& path, const std::string& seen) {
  const std::string header = seen.substr(0, seen.find_first_of("\r\n"));
  const auto is = [&](task::PredictionFormat format) {
    return header + "\n" == task::prediction_header(format) ||
           header + "\n" == task::prediction_header(format, true);
  };
  if (is(task::PredictionFormat::kTriples)) return rows_text(path, "triples", true);
  const bool answers = is(task::PredictionFormat::kCsv) || is(task::PredictionFormat::kTsv);
  return answers ? predictions_text(path) : std::string();
}

// As it stands in the page, where & is &amp;.
std::string title_of(const std::string& page) {
  const std::string open = "<title>Relatum: ";
  const size_t start = page.find(open), end = page.find("</title>");
  if (start == page.npos || end == page.npos) return "unknown data";
  return page.substr(start + open.size(), end - start - open.size());
}

// A format is told from little: JSON has to name a key that rows have before it is taken for data.
bool looks_like_data(const fs::path& path, const std::string& seen) {
  const task::DatasetFormat* format = task::sniff_dataset_format(path.string(), seen);
  if (!format) return false;
  if (format->name == "jsonl") return seen.find("\"text\"") != seen.npos;
  return format->name != "tacred" || seen.find("\"token\"") != seen.npos ||
         seen.find("\"subj_start\"") != seen.npos;
}

[[noreturn]] void unknown(const fs::path& path, const std::string& seen) {
  const std::string start = printable_start(seen.substr(0, 48), 32);
  fail("app.inspect",
       seen.empty()
           ? fmt::format("{} is empty.", path.string())
           : fmt::format("{}: {} bytes that begin with '{}'. This is none of the files that "
                         "Relatum reads or writes, or its first bytes do not show it; FORMAT:PATH "
                         "names the format of data.",
                         path.string(), fs::file_size(path), start));
}

}  // namespace

std::string inspect_data_text(const std::string& spec) { return data_text(spec); }

std::string inspect_line(const std::string& name, const std::string& value) {
  return fmt::format("{:<13} {}\n", printable(name), printable(value));
}

std::string inspect_file_text(const fs::path& path, bool all) {
  const std::string seen = first_bytes(path);
  if (seen.starts_with("\x93NUMPY")) return npy_text(path);
  if (path.extension() == ".safetensors") return safetensors_text(path, all);
  const char first = first_letter(seen);
  if (first == '<' && seen.find("Relatum") != seen.npos) {
    return inspect_line("report", path.string()) + inspect_line("of", title_of(seen)) +
           "A page of `relatum evaluate` or `relatum compare`, by --report.\n";
  }
  std::string text;
  if (first == '{') {
    const std::string line = seen.substr(0, seen.find('\n'));
    try {
      const json row = io::parse_json(line, path.string() + ":1");
      if (row.is_object()) text = json_lines_text(path, row);
    } catch (const Error&) {  // an object over several lines
    }
  }
  const bool whole = first == '{' || first == '[';
  const bool braces = seen.starts_with("{{") || seen.starts_with("{%");
  if (text.empty() && whole && !braces && path.extension() != ".jsonl") text = json_text(path);
  if (text.empty() && !whole) text = answers_text(path, seen);
  if (text.empty() && (!whole || braces)) text = plain_text(path, seen);
  if (!text.empty()) return text;
  if (!looks_like_data(path, seen)) unknown(path, seen);
  return data_text(path.string());
}

}  // namespace relatum::app
