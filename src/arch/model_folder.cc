// Looks through a folder's names; a file is opened only where several could be the model.
#include "arch/model_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/known_names.h"
#include "io/gguf.h"
#include "io/gguf_parts.h"

namespace relatum::arch {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = "model.safetensors.index.json";

// What kinds of files a folder holds, by their names.
struct Found {
  std::vector<std::string> gguf, safetensors, torch, tensorflow, flax, onnx, tokenizer;
  bool config = false, adapter = false;
};

bool is_any(std::string_view text, std::initializer_list<std::string_view> of) {
  return std::find(of.begin(), of.end(), text) != of.end();
}

// Files that training leaves beside a model: they hold no weights of it.
bool of_training(const std::string& name) {
  for (const std::string_view start : {"optimizer", "scheduler", "rng_state", "training_args",
                                       "trainer_state", "scaler", "state."}) {
    if (name.starts_with(start)) return true;
  }
  return false;
}

void sort_in(const fs::path& path, Found& found) {
  const std::string name = path.filename().string(), ending = path.extension().string();
  if (name == "config.json") found.config = true;
  if (name == "adapter_config.json") found.adapter = true;
  if (is_any(name, {"tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
                    "vocab.txt", "vocab.json", "tokenizer_config.json"})) {
    found.tokenizer.push_back(name);
  }
  if (of_training(name) || name.starts_with("adapter_model.")) return;
  if (ending == ".gguf" && opens_model(path)) found.gguf.push_back(name);
  if (ending == ".safetensors") found.safetensors.push_back(name);
  if (is_any(ending, {".bin", ".pt", ".pth", ".ckpt"})) found.torch.push_back(name);
  if (is_any(ending, {".h5", ".pb", ".tflite"})) found.tensorflow.push_back(name);
  if (ending == ".msgpack") found.flax.push_back(name);
  if (ending == ".onnx") found.onnx.push_back(name);
}

Found look(const fs::path& folder) {
  Found found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_directory()) sort_in(entry.path(), found);
  }
  for (auto* names : {&found.gguf, &found.safetensors, &found.torch, &found.tensorflow, &found.flax,
                      &found.onnx, &found.tokenizer}) {
    std::sort(names->begin(), names->end());
  }
  return found;
}

std::string listed(const std::vector<std::string>& names) { return first_names(names, ""); }

std::string conversion(std::string_view option) {
  return fmt::format(
      "Convert it with Hugging Face's transformers, in Python: "
      "AutoModelForCausalLM.from_pretrained(FOLDER{}).save_pretrained(NEW), with "
      "AutoModel for an encoder, and copy the tokenizer's files beside it.",
      option);
}

// What to say of weights that are there in a form that is not read; empty where there are none.
std::string other_weights(const Found& found) {
  if (!found.safetensors.empty()) {
    return fmt::format(
        "of its safetensors files ({}) none is called model.safetensors, and no "
        "model.safetensors.index.json lists them: give a single one that name, or "
        "fetch the index of a model in parts.",
        listed(found.safetensors));
  }
  if (!found.torch.empty()) {
    return fmt::format("its weights are PyTorch's own files ({}), which are not read. {}",
                       listed(found.torch), conversion(""));
  }
  if (!found.tensorflow.empty()) {
    return fmt::format("its weights are TensorFlow's files ({}), which are not read. {}",
                       listed(found.tensorflow), conversion(", from_tf=True"));
  }
  if (!found.flax.empty()) {
    return fmt::format("its weights are Flax's files ({}), which are not read. {}",
                       listed(found.flax), conversion(", from_flax=True"));
  }
  if (!found.onnx.empty()) {
    return fmt::format(
        "its weights are ONNX files ({}), which are not read. Fetch the model's "
        "safetensors.",
        listed(found.onnx));
  }
  return "";
}

[[noreturn]] void fail_folder(const fs::path& folder, const Found& found) {
  const std::string weights = other_weights(found);
  std::string what;
  if (found.config && !weights.empty()) {
    what = "has a config.json, but " + weights;
  } else if (found.config) {
    what =
        "has a config.json, but no weights: neither model.safetensors nor a GGUF file. The "
        "download may be incomplete.";
  } else if (found.adapter) {
    what =
        "holds neither config.json nor a GGUF file, but an adapter (adapter_config.json). Name "
        "the model that it was trained on; commands that use adapters take it as --adapter.";
  } else if (holds_safetensors(folder / "model")) {
    what = fmt::format(
        "holds neither config.json nor a GGUF file itself, but a model in {}. Name that folder.",
        (folder / "model").string());
  } else if (!weights.empty()) {
    what = "holds neither config.json nor a GGUF file, and " + weights;
  } else if (!found.tokenizer.empty()) {
    what = fmt::format(
        "holds neither config.json nor a GGUF file: only a tokenizer ({}). Name a "
        "GGUF file or a Hugging Face folder with a model's weights.",
        listed(found.tokenizer));
  } else {
    what = "holds neither config.json nor a GGUF file. Name a GGUF file or a Hugging Face folder.";
  }
  fail("arch.open", fmt::format("{} {}", folder.string(), what));
}

fs::path place_in(const fs::path& folder) {
  const Found found = look(folder);
  if (holds_safetensors(folder)) return folder;
  std::vector<fs::path> models;
  for (const std::string& name : found.gguf) models.push_back(folder / name);
  leave_out_adapters(models);
  if (models.size() == 1) return models.front();
  if (models.size() > 1) {
    std::vector<std::string> names;
    for (const fs::path& model : models) names.push_back(model.filename().string());
    fail("arch.open", fmt::format("{} holds several GGUF files ({}). Name the one you mean.",
                                  folder.string(), listed(names)));
  }
  fail_folder(folder, found);
}

}  // namespace

bool holds_safetensors(const fs::path& folder) {
  std::error_code error;
  const auto there = [&](const char* name) { return fs::exists(folder / name, error); };
  return there("config.json") && (there("model.safetensors") || there(kIndex));
}

bool opens_model(const fs::path& gguf) {
  const auto part = io::gguf_part_name(gguf);
  return !(part && part->number > 1) && !gguf.filename().string().starts_with("mmproj");
}

bool is_adapter_file(const fs::path& gguf) {
  if (!io::GgufFile::recognise(gguf)) return false;
  try {
    return io::GgufFile::open(gguf).get_string("general.type", "model") == "adapter";
  } catch (const Error&) {
    return false;  // what is wrong with it is told where it is opened as a model
  }
}

void leave_out_adapters(std::vector<fs::path>& gguf) {
  if (gguf.size() < 2) return;
  std::vector<fs::path> models;
  std::ranges::copy_if(gguf, std::back_inserter(models),
                       [](const fs::path& path) { return !is_adapter_file(path); });
  if (!models.empty()) gguf = std::move(models);
}

bool holds_model(const fs::path& folder) {
  return holds_safetensors(folder) || !look(folder).gguf.empty();
}

fs::path model_place(const fs::path& path) {
  if (!fs::exists(path)) {
    fail("arch.open", fmt::format("there is no model at {}. `relatum models` lists the names "
                                  "that are known.",
                                  path.string()));
  }
  if (fs::is_directory(path)) return place_in(path);
  Found found;
  sort_in(path, found);
  if (!found.safetensors.empty()) {
    fail("arch.open", fmt::format("{} is a safetensors file, which says nothing of the model's "
                                  "settings. Name the folder that holds it and config.json.",
                                  path.string()));
  }
  const std::string weights = other_weights(found);
  if (!weights.empty()) fail("arch.open", fmt::format("{}: {}", path.string(), weights));
  return path;
}

}  // namespace relatum::arch
