// Collects what the network asked of a folder, by the names that GGUF has for it.
#include "arch/gguf_form.h"

#include <fmt/format.h>

#include <algorithm>

#include "arch/family.h"
#include "base/error.h"
#include "io/to_weight.h"
#include "tensor/values.h"

namespace relatum::arch {
namespace {

// Keys that follow from the tensors' number formats.
bool of_formats(std::string_view key) {
  return key == "general.file_type" || key == "general.quantization_version";
}

GgufForm form_of_gguf(const io::GgufFile& file) {
  GgufForm form;
  for (const io::GgufEntry& entry : file.metadata()) {
    if (!of_formats(entry.key)) form.keys.set(std::string(entry.key), entry.value);
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
  const auto model = load_model(files, {.base = "keep", .resident = false});
  form.keys.set_string("general.type", "model");
  form.keys.set_string("general.name", files.path().filename().string());
  const std::vector<AskedTensor> all = files.asked().in_order;
  for (const AskedTensor& asked : all) {
    form.tensors.push_back({asked.name.gguf, files.weight(asked.name, asked.rows, asked.cols),
                            shape_of(asked), asked.rotary_heads});
  }
  known.describe(files, model->info(), form);
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

GgufForm gguf_form(const ModelFiles& files) {
  if (!files.gguf()) return form_of_folder(files);
  family(files);  // an architecture that is not known is refused
  return form_of_gguf(*files.gguf());
}

}  // namespace relatum::arch
