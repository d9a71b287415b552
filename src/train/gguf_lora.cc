// Keys and pairs of llama.cpp's adapters (facts: src/llama-adapter.cpp, convert_lora_to_gguf.py).
#include "train/gguf_lora.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "arch/model_files.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/gguf_keys.h"
#include "io/to_weight.h"
#include "quant/format.h"
#include "tensor/finite.h"

namespace relatum::train {
namespace {

constexpr const char* kType = "adapter.type";
constexpr const char* kAlpha = "adapter.lora.alpha";
constexpr std::string_view kA = ".lora_a", kB = ".lora_b";

// Which of the folder's rows lies at `row` there.
int64_t folder_row(int64_t row, int64_t rows, int64_t rotary_heads) {
  return rotary_heads ? arch::unpermuted_row(row, rows / rotary_heads) : row;
}

// N x R, as the file has it, times what its scale is beside alpha / rank.
Matrix<float> stored_b(const Adapter& adapter, const AdapterModule& module, int64_t rotary_heads,
                       double alpha) {
  const double rank = double(module.rank);
  const bool same = float(alpha / rank) == module.scale;
  const float factor = same ? 1.0f : float(double(module.scale) * rank / alpha);
  const MatView<const float> b = adapter.b(module);
  Matrix<float> out(module.out, module.rank);
  for (int64_t i = 0; i < module.out; ++i) {
    const int64_t from = folder_row(i, module.out, rotary_heads);
    for (int64_t r = 0; r < module.rank; ++r) out.row(i)[r] = factor * b.row(r)[from];
  }
  return out;
}

Weight encoded(std::string_view format, const std::string& name, MatView<const float> values) {
  Weight weight = quant::encode(format, name, values);
  Matrix<float> again(values.rows, values.cols);
  quant::decode_rows(weight, 0, again.view());
  if (all_finite({again.row(0), size_t(values.size())})) return weight;
  fail("train.gguf",
       fmt::format("'{}' has values that are too large for {}. Choose f32 or bf16.", name, format));
}

struct Pair {
  const io::GgufTensor *a = nullptr, *b = nullptr;
};

// A part of a linear that a file may adapt.
struct Target {
  std::string name;  // Hugging Face's
  int64_t in = 0, out = 0, rotary_heads = 0;
};

class Reader {
 public:
  Reader(const std::filesystem::path& path, const arch::Model& model)
      : file_(io::GgufFile::open(path)), model_(model) {
    check_keys();
    collect_targets();
    collect_pairs();
    check_shapes();
  }

  std::unique_ptr<Adapter> read(DType compute) const {
    auto adapter = std::make_unique<Adapter>(model_, compute, config(), 0);
    std::map<std::string, std::string> tensors;  // by the linear's name
    for (const auto& [tensor, pair] : pairs_) tensors[targets_.at(tensor).name] = tensor;
    for (const AdapterModule& module : adapter->modules()) {
      const std::string& tensor = tensors.at(module.name);
      const Pair& pair = pairs_.at(tensor);
      read_values(*pair.a, adapter->a(module));
      Matrix<float> b(module.out, module.rank);
      read_values(*pair.b, b.view());
      const MatView<float> into = adapter->b(module);
      for (int64_t i = 0; i < module.out; ++i) {
        const int64_t row = folder_row(i, module.out, targets_.at(tensor).rotary_heads);
        for (int64_t r = 0; r < module.rank; ++r) into.row(r)[row] = b.row(i)[r];
      }
    }
    adapter->sync();
    return adapter;
  }

 private:
  std::string place() const { return file_.path().string(); }

  void check_keys() const {
    const std::string architecture = file_.get_string("general.architecture", "");
    if (architecture == "controlvector") {
      fail("train.gguf", fmt::format("{}: this is a control vector, not a LoRA adapter, and is not "
                                     "supported.",
                                     place()));
    }
    if (!is_gguf_adapter(file_)) {
      fail("train.gguf",
           fmt::format("{}: this is no adapter (its general.type is '{}'). Name a "
                       "model after --model.",
                       place(), printable_start(file_.get_string("general.type", "model"))));
    }
    const std::string type = file_.get_string(kType);
    if (type != "lora") {
      fail("train.gguf", fmt::format("{}: {} is '{}', and only 'lora' is supported.", place(),
                                     kType, printable_start(type)));
    }
    const std::string& wanted = model_.gguf_names().architecture;
    if (architecture != wanted) {
      fail("train.gguf",
           fmt::format("{}: the adapter is for a model of architecture '{}', and {} "
                       "is one of '{}'. Name its own base.",
                       place(), printable_start(architecture), model_.info().path, wanted));
    }
    for (const io::GgufEntry& entry : file_.metadata()) check_key(std::string(entry.key));
  }

  void check_key(const std::string& key) const {
    if (!key.starts_with("adapter.") || key == kType || key == kAlpha ||
        key == "adapter.lora.task_name") {
      return;
    }
    if (key == "adapter.lora.prompt_prefix" && file_.get_string(key).empty()) return;
    const bool activated = key.starts_with("adapter.alora.");
    fail("train.gguf",
         fmt::format("{}: '{}' is set, which is not supported{}.", place(), printable_start(key),
                     activated ? ": it makes an activated LoRA (aLoRA), which acts behind certain "
                                 "tokens alone"
                               : ""));
  }

  void collect_targets() {
    for (const nn::Linear* linear : model_.linears()) {
      for (const nn::Linear::Part& part : linear->parts()) {
        const auto found = model_.gguf_names().linears.find(part.name);
        if (found == model_.gguf_names().linears.end()) continue;
        targets_[found->second.tensor] = {part.name, linear->in(), part.weight.rows,
                                          found->second.rotary_heads};
      }
    }
  }

  void collect_pairs() {
    for (const io::GgufTensor& tensor : file_.tensors()) {
      const bool a = tensor.name.ends_with(kA);
      if (!a && !tensor.name.ends_with(kB)) {
        fail("train.gguf", fmt::format("{}: this is no half of a pair ({} or {}); other parts of "
                                       "an adapter are not supported. Merge the adapter into its "
                                       "base with the program that wrote it.",
                                       tensor.place, kA, kB));
      }
      const std::string name = tensor.name.substr(0, tensor.name.size() - kA.size());
      if (!targets_.contains(name)) {
        fail("train.gguf",
             fmt::format("{}: adapts '{}', which is {} {}.", tensor.place, printable_start(name),
                         name == "token_embd.weight" ? "the embedding, not a linear of"
                         : name == "output.weight"   ? "the head, not a linear of the layers of"
                                                     : "no linear of",
                         model_.info().path));
      }
      (a ? pairs_[name].a : pairs_[name].b) = &tensor;
    }
    if (pairs_.empty()) {
      fail("train.gguf", fmt::format("{}: the adapter holds no pair.", place()));
    }
    for (const auto& [name, pair] : pairs_) {
      if (pair.a && pair.b) continue;
      fail("train.gguf", fmt::format("{}: '{}{}' is missing, the other half of the pair.", place(),
                                     printable_start(name), pair.a ? kB : kA));
    }
  }

  void check_shapes() {
    for (const auto& [name, pair] : pairs_) {
      const Target& target = targets_.at(name);
      const Weight a = io::to_weight(*pair.a), b = io::to_weight(*pair.b);
      const int64_t rank = a.rows;
      if (a.cols == target.in && b.rows == target.out && b.cols == rank) {
        ranks_[target.name] = rank;
        continue;
      }
      fail("train.gguf",
           fmt::format("{}: its pair has {} x {} and {} x {} values (rows x columns), but the "
                       "base's '{}' has {} x {}: expected R x {} and {} x R.",
                       pair.a->place, a.rows, a.cols, b.rows, b.cols, name, target.out, target.in,
                       target.in, target.out));
    }
  }

  AdapterConfig config() const {
    AdapterConfig config;
    const double alpha = file_.get_double(kAlpha, 0.0);
    // llama.cpp takes 0, which it also sees where nothing is said, as a scale of 1.
    const auto alpha_of = [&](int64_t rank) { return alpha == 0 ? double(rank) : alpha; };
    config.rank = ranks_.begin()->second;
    config.alpha = alpha_of(config.rank);
    config.dropout = 0;
    for (const auto& [name, rank] : ranks_) {
      config.targets.push_back(name);
      if (rank != config.rank) config.own[name] = {rank, alpha_of(rank)};
    }
    return config;
  }

  static void read_values(const io::GgufTensor& tensor, MatView<float> out) {
    quant::decode_rows(io::to_weight(tensor), 0, out);
    if (all_finite({out.data, size_t(out.size())})) return;
    fail("train.gguf",
         fmt::format("{}: a value is not a finite number. The adapter is damaged.", tensor.place));
  }

  io::GgufFile file_;
  const arch::Model& model_;
  std::map<std::string, Target> targets_;  // by the tensor's name in GGUF
  std::map<std::string, Pair> pairs_;      // by the same
  std::map<std::string, int64_t> ranks_;   // by the linear's name
};

}  // namespace

bool is_gguf_adapter(const io::GgufFile& file) {
  return file.get_string("general.type", "model") == "adapter";
}

void write_gguf_lora(const std::filesystem::path& path, const Adapter& adapter,
                     const arch::GgufNames& names, std::string_view format) {
  if (adapter.config().magnitudes || !adapter.saved().empty()) {
    fail("train.gguf_lora",
         adapter.saved().empty()
             ? "the adapter has magnitudes (DoRA), which llama.cpp's adapters have no place for. "
               "`relatum merge` writes the model with it."
             : "the adapter has modules of its own (modules_to_save), which llama.cpp's adapters "
               "have no place for. `relatum merge` writes the model with it.");
  }
  RELATUM_CHECK(adapter.removed().empty());  // its pairs alone would not be what it computes
  // 0 means a scale of 1 there; nothing then stands before the factor.
  const double alpha = adapter.config().alpha != 0 ? adapter.config().alpha
                                                   : double(adapter.config().rank);
  io::GgufKeys keys;
  keys.set_string("general.architecture", names.architecture);
  keys.set_string("general.type", "adapter");
  keys.set_string(kType, "lora");
  keys.set_f32(kAlpha, float(alpha));
  keys.set_u32("general.file_type", format == "f32" ? 0 : format == "f16" ? 1 : 32);
  keys.set_u32("general.quantization_version", 2);
  std::vector<io::GgufTensorEntry> entries;
  const int type = quant::format(format).gguf_type;
  for (const AdapterModule& module : adapter.modules()) {
    const std::string& tensor = names.linears.at(module.name).tensor;
    entries.push_back({tensor + std::string(kA), type, {module.in, module.rank}});
    entries.push_back({tensor + std::string(kB), type, {module.rank, module.out}});
  }
  AtomicFile file(path);
  file.write(io::gguf_head(keys, entries));
  size_t next = 0;
  const auto write = [&](MatView<const float> values) {
    const io::GgufTensorEntry& entry = entries[next++];
    file.write(encoded(format, entry.name, values).data);
    file.write(io::gguf_padding(entry.bytes(), keys.alignment()));
  };
  for (const AdapterModule& module : adapter.modules()) {
    write(adapter.a(module));
    write(stored_b(adapter, module, names.linears.at(module.name).rotary_heads, alpha).view());
  }
  file.commit();
}

std::unique_ptr<Adapter> load_gguf_lora(const std::filesystem::path& path, const arch::Model& model,
                                        DType compute) {
  return Reader(path, model).read(compute);
}

}  // namespace relatum::train
