// Collects what the network asked of a folder, by the names that GGUF has for it.
#include "arch/gguf_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

#include "arch/family.h"
#include "base/error.h"
#include "io/to_weight.h"
#include "quant/format.h"
#include "tensor/values.h"

namespace relatum::arch {
namespace {

// Keys of how a file is laid out, not of the model.
bool of_the_layout(std::string_view key) {
  return key == "general.file_type" || key == "general.quantization_version" ||
         key == "general.alignment" || key.starts_with("split.");
}

GgufForm form_of_gguf(const io::GgufFile& file) {
  GgufForm form;
  for (const io::GgufEntry& entry : file.metadata()) {
    if (!of_the_layout(entry.key)) form.keys.set(std::string(entry.key), entry.value);
  }
  for (const io::GgufTensor& tensor : file.tensors()) {
    form.tensors.push_back({tensor.name, io::to_weight(tensor), tensor.shape});
  }
  return form;
}

std::vector<int64_t> shape_of(const AskedTensor& asked) {
  return asked.vector ? std::vector{asked.cols} : std::vector{asked.cols, asked.rows};
}

GgufForm form_of_folder(const ModelFiles& files) {
  const Family& known = family(files);
  if (!known.describe) {
    fail("arch.gguf", fmt::format("{}: a folder of the family '{}' cannot be written as GGUF. "
                                  "Convert it with llama.cpp.",
                                  files.path().string(), known.name));
  }
  GgufForm form;
  // Gone before the tensors are read again: those of bitsandbytes are copies.
  const ModelInfo info = load_model(files, {.base = "keep", .resident = false})->info();
  form.keys.set_string("general.type", "model");
  const auto named = std::filesystem::weakly_canonical(files.path());  // a/b/ is b
  form.keys.set_string("general.name", named.filename().string());
  const std::vector<AskedTensor> all = files.asked().in_order;
  for (const AskedTensor& asked : all) {
    Weight weight = files.weight(asked.name, asked.rows, asked.cols);
    // A bias whose heads change places: they are its rows, as in its matrix.
    if (asked.vector && asked.rotary_heads) std::swap(weight.rows, weight.cols);
    form.tensors.push_back(
        {asked.name.gguf, std::move(weight), shape_of(asked), asked.rotary_heads});
  }
  known.describe(files, info, form);
  return form;
}

}  // namespace

FormTensor* GgufForm::find(std::string_view name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const FormTensor& tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

void GgufForm::add_vector(const std::string& name, std::vector<float> values) {
  const auto size = int64_t(values.size());
  tensors.push_back({name, weight_of(name, std::move(values)), {size}});
}

void GgufForm::remove(std::string_view name) {
  std::erase_if(tensors, [&](const FormTensor& tensor) { return tensor.name == name; });
}

void set_size(const ModelFiles& files, GgufForm& form, const std::string& key, double value) {
  if (!(value >= 0 && value <= std::numeric_limits<uint32_t>::max())) {
    fail("arch.gguf", fmt::format("{}: GGUF cannot hold {} as {}. Correct the setting.",
                                  files.settings_place(), value, key));
  }
  form.keys.set_u32(key, uint32_t(value));
}

void describe_sizes(const ModelFiles& files, const ModelInfo& info, const std::string& name,
                    GgufForm& form) {
  form.keys.set_string("general.architecture", name);
  const std::pair<const char*, int64_t> sizes[] = {{"embedding_length", info.width},
                                                   {"feed_forward_length", info.ffn_width},
                                                   {"attention.head_count", info.heads},
                                                   {"attention.key_length", info.head_size},
                                                   {"attention.value_length", info.head_size}};
  for (const auto& [key, size] : sizes) set_size(files, form, name + "." + key, double(size));
}

void part_head(GgufForm& form, float scale) {
  if (form.find("output.weight")) return;
  FormTensor head = *form.find("token_embd.weight");
  head.name = "output.weight";
  form.tensors.push_back(std::move(head));
  if (scale != 1) scale_last_norm(form, scale);
}

void scale_last_norm(GgufForm& form, float factor) {
  FormTensor& norm = *form.find("dec.output_norm.weight");
  std::vector<float> values(size_t(norm.weight.size()));
  quant::decode_rows(norm.weight, 0, {values.data(), 1, norm.weight.size()});
  for (float& value : values) value *= factor;
  norm.weight = weight_of(norm.name, std::move(values));
}

GgufForm gguf_form(const ModelFiles& files) {
  if (!files.gguf()) return form_of_folder(files);
  family(files);  // an architecture that is not known is refused
  return form_of_gguf(*files.gguf());
}

}  // namespace relatum::arch
