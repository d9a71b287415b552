// One description per kind of thing.
#include "app/inspect_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "app/inspect_adapter.h"
#include "app/inspect_file.h"
#include "app/inspect_folds.h"
#include "arch/family.h"
#include "arch/model_files.h"
#include "arch/model_folder.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/ggml_types.h"
#include "io/gguf.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "jobs/finetune_folds.h"
#include "jobs/run_calibration.h"
#include "kernels/block_product.h"
#include "kernels/cpu.h"
#include "quant/format.h"
#include "retrieve/store.h"
#include "task/labels.h"
#include "text/tokenizer.h"
#include "train/gguf_lora.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;
constexpr size_t kShownTensors = 12;

struct TensorLine {
  std::string name, format, shape;
  size_t bytes = 0;
};

std::string size_text(double bytes) {
  return bytes < 1e6 ? fmt::format("{:.1f} kB", bytes / 1e3)
                     : fmt::format("{:.1f} MB", bytes / 1e6);
}

std::string tensors_text(const std::vector<TensorLine>& tensors, bool all) {
  std::map<std::string, std::pair<int64_t, double>> formats;
  double total = 0;
  for (const TensorLine& tensor : tensors) {
    ++formats[tensor.format].first;
    formats[tensor.format].second += double(tensor.bytes);
    total += double(tensor.bytes);
  }
  std::string text = fmt::format("tensors       {} ({})\n", tensors.size(), size_text(total));
  for (const auto& [format, sum] : formats) {
    text += fmt::format("  {:<12}{}, {}\n", format, counted(sum.first, "tensor"),
                        size_text(sum.second));
  }
  for (size_t i = 0; i < tensors.size() && (all || i < kShownTensors); ++i) {
    text += fmt::format("  {:<44} {:<8} {}\n", printable(tensors[i].name), tensors[i].format,
                        tensors[i].shape);
  }
  if (!all && tensors.size() > kShownTensors) {
    text += fmt::format("  … and {} more (--tensors shows all)\n", tensors.size() - kShownTensors);
  }
  return text;
}

std::string ggml_name(int number) {
  const io::GgmlType* type = io::find_ggml_type(number);
  return type ? std::string(type->name) : fmt::format("type {}", number);
}

std::vector<TensorLine> gguf_lines(const io::GgufFile& file) {
  std::vector<TensorLine> lines;
  for (const io::GgufTensor& tensor : file.tensors()) {
    lines.push_back({tensor.name, ggml_name(tensor.type),
                     fmt::format("{}", fmt::join(tensor.shape, " x ")), tensor.bytes.size()});
  }
  return lines;
}

std::vector<TensorLine> tensors_of(const arch::ModelFiles& files) {
  if (files.gguf()) return gguf_lines(*files.gguf());
  std::vector<TensorLine> lines;
  for (const io::SafetensorsTensor& tensor : files.safetensors()->tensors()) {
    lines.push_back({tensor.name, tensor.dtype, fmt::format("{}", fmt::join(tensor.shape, " x ")),
                     tensor.bytes.size()});
  }
  return lines;
}

std::string tokenizer_text(const fs::path& path) {
  try {
    const auto tokenizer = text::load_tokenizer(path);
    const auto end = tokenizer->special().eos;
    return fmt::format(
        "tokenizer     {}, {} tokens{}\n", tokenizer->kind(), tokenizer->vocab_size(),
        end ? fmt::format(", end token {} ({})", *end, printable(tokenizer->token(*end))) : "");
  } catch (const Error& error) {
    return fmt::format("tokenizer     not read: {}\n", error.what());
  }
}

// Which products serve the model on this machine, and what they keep in memory.
std::string products_text(const arch::Model& model, const std::string& base) {
  auto linears = model.linears();
  if (model.head()) linears.push_back(model.head());
  double weights = 0;
  bool blocks = base == "keep";
  std::set<std::string> formats;
  for (const nn::Linear* linear : linears) {
    weights += double(linear->out() * linear->in());
    for (const nn::Linear::Part& part : linear->parts()) {
      formats.insert(part.weight.format);
      blocks = blocks && kernels::has_block_product(part.weight.format);
    }
  }
  const DType type = kernels::compute_type("auto");
  const std::string stored = base == "keep" ? fmt::format("{}", fmt::join(formats, ", ")) : base;
  std::string text = fmt::format(
      "products      {}\n  auto        {} by oneDNN; weights kept as {}, unpacked once: {}\n",
      kernels::cpu_summary(), name_of(type), stored, size_text(weights * double(size_of(type))));
  if (!model.info().causal) return text;
  text += fmt::format("  int8        {} (extract): {}\n", kernels::int8_summary(),
                      size_text(weights));
  if (blocks) {
    text += fmt::format("  few rows    up to {} are multiplied with the stored blocks\n",
                        nn::kStoredRows);
  }
  return text + "  low memory  as auto, weights unpacked for each product\n";
}

const char* kind_of(const arch::ModelInfo& info) {
  if (info.encoder_layers > 0) return "encoder-decoder";
  return info.causal ? "language model" : "encoder";
}

std::string model_text(const fs::path& path, bool all) {
  const arch::ModelFiles files = arch::ModelFiles::open(path);
  std::string text = fmt::format("model         {}\n", files.path().string());
  text += fmt::format("form          {}\n",
                      files.gguf() ? fmt::format("GGUF version {}", files.gguf()->version())
                                   : std::string("Hugging Face folder"));
  text += fmt::format("architecture  {}", files.architecture());
  try {
    const auto model = arch::load_model(
        files, {.compute = DType::kF32, .base = "keep", .resident = false});
    const arch::ModelInfo& info = model->info();
    const bool encoded = info.encoder_layers > 0;
    text += fmt::format(
        " ({} family, {})\nparameters    {:.1f} M\nlayers        {}{} of width {}, "
        "{} heads ({} for keys) of {}, feed-forward {}\nvocabulary    {}\n"
        "context       {} tokens\n",
        info.family, kind_of(info), double(info.parameters) / 1e6,
        encoded ? fmt::format("{} of the encoder and ", info.encoder_layers) : "",
        encoded ? fmt::format("{} of the decoder,", info.layers) : std::to_string(info.layers),
        info.width, info.heads, info.kv_heads, info.head_size, info.ffn_width, info.vocabulary,
        info.context);
    text += products_text(*model, info.causal ? arch::resolve_base(files, "auto") : "keep");
  } catch (const Error& error) {
    text += fmt::format("\ncannot run    {}\n", error.what());
  }
  text += tokenizer_text(files.path());
  text += fmt::format("hash          {}\n", arch::weights_hash(files));
  return text + tensors_text(tensors_of(files), all);
}

std::string index_text(const fs::path& path) {
  const retrieve::Store store = retrieve::load_store(path);
  const retrieve::EmbedderIdentity& embedder = store.embedder;
  std::string text = inspect_line("index", path.string()) +
                     inspect_line("examples", std::to_string(store.examples.size())) +
                     inspect_line("vectors", fmt::format("{} of {} values", store.index.size(),
                                                         store.index.dimension())) +
                     inspect_line("embedder",
                                  fmt::format("{} ({}, {})", embedder.name, embedder.compute,
                                              embedder.hash.substr(0, 12)));
  if (!embedder.described.empty()) text += inspect_line("vectors are", embedder.described);
  const auto prefix = [&](const char* name, const std::optional<std::string>& before) {
    if (before && !before->empty()) text += inspect_line(name, "'" + *before + "'");
  };
  prefix("before query", embedder.query_prefix);
  prefix("before stored", embedder.passage_prefix);
  return text + inspect_line("labels", fmt::format("{}: {}", store.labels.size(),
                                                   fmt::join(store.labels, ", ")));
}

std::string gguf_adapter_text(const io::GgufFile& file, bool all) {
  std::string text = inspect_line("adapter", file.path().string()) +
                     inspect_line("form", fmt::format("GGUF version {}", file.version())) +
                     inspect_line("of a base", file.get_string("general.architecture", "unknown"));
  std::set<int64_t> ranks;
  for (const io::GgufTensor& tensor : file.tensors()) {
    if (tensor.name.ends_with(".lora_b") && !tensor.shape.empty()) ranks.insert(tensor.shape[0]);
  }
  text += inspect_line("rank", fmt::format("{}", fmt::join(ranks, ", ")));
  for (const io::GgufEntry& entry : file.metadata()) {
    const std::string key(entry.key);
    if (!key.starts_with("adapter.") || entry.value.is_array) continue;
    const bool word = entry.value.type == io::GgufType::kString;
    const bool number = !word && entry.value.type != io::GgufType::kBool;
    text += inspect_line(key, word     ? file.get_string(key)
                              : number ? fmt::format("{}", file.get_double(key))
                                       : (file.get_bool(key) ? "true" : "false"));
  }
  return text + tensors_text(gguf_lines(file), all);
}

// Of a run that is not done also how many there are to be.
std::string steps_text(const nlohmann::json& record, const fs::path& file) {
  const std::string place = file.string(), status = io::get_string(record, "status", "", place);
  const int64_t done = io::get_int(record, "steps", 0, place);
  if (status == "done") return counted(done, "step");
  // Epochs differ by a step or so, as their rows come in another order.
  const int64_t all = io::get_int(record, "epoch_steps", 0, place) *
                      io::get_int(record, "epochs", 0, place);
  return fmt::format("{}{} (`relatum finetune --resume --out {}` goes on)", counted(done, "step"),
                     all > 0 ? fmt::format(" of about {}", all) : "", file.parent_path().string());
}

// What people look for first; the figures that a record lacks are left out.
std::string run_summary(const nlohmann::json& record, const fs::path& file) {
  const std::string place = file.string();
  const auto string = [&](const char* key) { return io::get_string(record, key, "", place); };
  const auto number = [&](const char* key) { return io::get_int(record, key, 0, place); };
  std::string text = inspect_line("status",
                                  fmt::format("{} ({})", string("status"), string("time")));
  text += inspect_line("model", fmt::format("{}, base {}", string("model"), string("base")));
  const bool entities = io::find(record, "entities") != nullptr;
  const bool relations = !entities || string("task") == "joint";
  std::string prompts = "style " + string("prompt");
  const char* kind = string("example_choice") == "random" ? "random" : "retrieved";
  const std::string index = string("index");
  if (!index.empty()) prompts += fmt::format(", {} examples from {}", kind, index);
  if (relations) text += inspect_line("prompts", prompts);
  if (!string("pairs").empty()) text += inspect_line("pairs", "those of " + string("pairs"));
  if (entities) {
    const auto& form = io::require_object(record, "entities", place);
    text += inspect_line(
        "finds",
        fmt::format("entities of up to {}{}",
                    counted(io::require_int(form, "widest", place), "word"),
                    io::require_bool(form, "overlap", place) ? ", which may overlap" : ""));
    text += inspect_line(
        "types", fmt::format("{}", fmt::join(io::require_strings(form, "types", place), ", ")));
  }
  const bool classifier = string("head") == "classifier";
  if (classifier && entities) {
    text += inspect_line("head", "classifier of all pairs of a sentence, read from one pass");
  } else if (classifier) {
    const auto markers = io::require_ints(record, "marker_tokens", place);
    text += inspect_line("head", fmt::format("classifier over two states, entities marked by the "
                                             "tokens {}",
                                             fmt::join(markers, ", ")));
  }
  text += inspect_line(
      "trained on", fmt::format("{}: {}", string("train"), counted(number("examples"), "example")));
  const std::string what = string("method") == "full" ? "all weights"
                                                      : fmt::format("rank {}", number("rank"));
  text += inspect_line("training",
                       fmt::format("{}, {}, {}, seed {}", counted(number("epochs"), "epoch"),
                                   steps_text(record, file), what, number("seed")));
  const fs::path labels = file.parent_path() / "labels.json";
  if (relations && fs::exists(labels)) {
    text += inspect_line("labels",
                         fmt::format("{}", fmt::join(task::load_labels(labels).names(), ", ")));
  }
  const std::string dev = counted(number("dev_examples"), "dev example");
  if (io::find(record, "best_dev_f1")) {
    text += inspect_line("dev F1",
                         fmt::format("{:.2f} on {}, at step {}",
                                     100 * io::require_double(record, "best_dev_f1", place), dev,
                                     number("best_step")));
  } else {
    text += inspect_line("dev F1", number("dev_examples") ? "not measured yet" : "no dev data");
  }
  return text;
}

// The temperatures that extract uses, by way of answering.
std::string calibration_summary(const fs::path& file) {
  if (!fs::exists(file)) return "";
  const std::string place = file.string();
  const nlohmann::json record = io::load_json(file);
  std::vector<std::string> modes;
  for (const auto& entry : io::require_object(record, "modes", place).items()) {
    modes.push_back(fmt::format(
        "{:.3f} ({})", io::require_double(entry.value(), "temperature", place), entry.key()));
  }
  return inspect_line("temperature",
                      fmt::format("{}, fitted on {}", fmt::join(modes, ", "),
                                  counted(io::get_int(record, "examples", 0, place), "example")));
}

std::string run_text(const fs::path& path) {
  const nlohmann::json record = io::load_json(path / "run.json");
  std::string text = inspect_line("run", path.string()) + run_summary(record, path / "run.json") +
                     calibration_summary(jobs::calibration_file(path));
  text += "\nEverything that run.json records:\n";
  for (const auto& [key, value] : record.items()) {
    text += fmt::format("{:<25} {}\n", key, io::dump_json(value));
  }
  return text + "\n";
}

// The folder of `relatum run`.
std::string job_text(const fs::path& path) {
  std::string text = inspect_line("job", path.string());
  const nlohmann::json stages = io::load_json(path / "stages.json");
  for (const char* name : {"index", "finetune", "extract", "evaluate"}) {
    const nlohmann::json* stage = io::find(stages, name);
    if (!stage) continue;
    const std::string finished = io::get_string(*stage, "finished", "", "stages.json");
    const std::string result = io::get_string(*stage, "result", "", "stages.json");
    text += inspect_line(name, (finished.empty() ? "not finished" : "finished " + finished) +
                                   (result.empty() ? "" : ": " + result));
  }
  return text + "Inspect the results for more; `relatum run` with the file again does the rest.\n";
}

std::string seen_in(const fs::path& path) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  const size_t count = names.size();
  constexpr size_t kNamed = 5;
  if (count > kNamed) names.resize(kNamed);
  if (names.empty()) return "it is empty";
  return fmt::format("it holds {}{}", fmt::join(names, ", "),
                     count > kNamed ? fmt::format(" and {} more", count - kNamed) : "");
}

std::string folder_text(const fs::path& path, bool all) {
  if (retrieve::is_store(path)) return index_text(path);
  std::string text;
  if (fs::exists(path / "stages.json")) text += job_text(path);
  if (fs::exists(path / "run.json")) text += run_text(path);
  if (fs::exists(jobs::folds_record(path))) text += inspect_folds_text(jobs::folds_record(path));
  if (fs::exists(path / "adapter_config.json")) text += inspect_adapter_text(path, all);
  const fs::path state = path / "state" / "state.safetensors";
  if (fs::exists(state)) text += inspect_file_text(state, all);
  if (fs::exists(path / "state.safetensors")) {
    text += inspect_file_text(path / "state.safetensors", all);
  }
  if (arch::holds_model(path)) text += model_text(path, all);
  if (!text.empty()) return text;
  if (fs::exists(path / "config.json")) arch::ModelFiles::open(path);  // says what is missing
  fail("app.inspect", fmt::format("{} is a folder, but no model, adapter, index or run: {}. Name "
                                  "what lies in it.",
                                  path.string(), seen_in(path)));
}

std::string gguf_text(const fs::path& path, bool all) {
  const auto file = io::GgufFile::open(path);
  return train::is_gguf_adapter(file) ? gguf_adapter_text(file, all) : model_text(path, all);
}

// By its first bytes; a file that only ends in .gguf is told from what is in it.
bool is_gguf(const fs::path& path) {
  return io::GgufFile::recognise(path) || path.extension() == ".gguf";
}

}  // namespace

std::string safetensors_lines(const io::Safetensors& file, bool all) {
  std::vector<TensorLine> lines;
  for (const auto& tensor : file.tensors()) {
    lines.push_back({tensor.name, tensor.dtype, fmt::format("{}", fmt::join(tensor.shape, " x ")),
                     tensor.bytes.size()});
  }
  return tensors_text(lines, all);
}

std::string inspect_text(const fs::path& path, bool all) {
  if (!fs::exists(path)) {
    fail("app.inspect", fmt::format("there is nothing at {}. `relatum models` lists the models "
                                    "that have a name.",
                                    path.string()));
  }
  std::string text;
  if (fs::is_directory(path)) {
    text = folder_text(path, all);
  } else if (!fs::is_regular_file(path)) {
    fail("app.inspect", fmt::format("{} is neither a file nor a folder.", path.string()));
  } else {
    text = is_gguf(path) ? gguf_text(path, all) : inspect_file_text(path, all);
  }
  return printable_lines(text);
}

}  // namespace relatum::app
