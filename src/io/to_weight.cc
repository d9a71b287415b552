// Names a tensor's number format and flattens its shape to rows and columns.
#include "io/to_weight.h"

#include <fmt/format.h>

#include "base/error.h"
#include "io/ggml_types.h"
#include "quant/format.h"

namespace relatum::io {
namespace {

std::string readable_formats(bool gguf) {
  std::string names;
  for (const quant::Format* format : quant::formats()) {
    if (gguf ? format->gguf_type < 0 : format->safetensors_type.empty()) continue;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", format->name);
  }
  return names;
}

/// Rows and columns of a shape with the slowest dimension first.
void set_shape(Weight& weight, std::vector<int64_t> shape, const std::string& place) {
  while (shape.size() > 2 && shape.front() == 1) shape.erase(shape.begin());
  if (shape.size() > 2) {
    fail("io.weight", fmt::format("{}: expected at most two dimensions, got {}. Such models are "
                                  "not supported.",
                                  place, shape.size()));
  }
  weight.cols = shape.empty() ? 1 : shape.back();
  weight.rows = shape.size() == 2 ? shape.front() : 1;
}

}  // namespace

Weight to_weight(const GgufTensor& tensor) {
  const quant::Format* format = quant::find_gguf_type(tensor.type);
  if (!format) {
    const GgmlType* type = find_ggml_type(tensor.type);
    fail("io.weight",
         fmt::format("{}: its number type {} cannot be read; these can: {}. Take "
                     "another file of the model, e.g. Q8_0.",
                     tensor.place, type ? std::string(type->name) : std::to_string(tensor.type),
                     readable_formats(true)));
  }
  Weight weight{tensor.name, std::string(format->name), 0, 0, tensor.bytes, tensor.owner, true};
  set_shape(weight, {tensor.shape.rbegin(), tensor.shape.rend()}, tensor.place);
  return weight;
}

Weight to_weight(const SafetensorsTensor& tensor) {
  const quant::Format* format = quant::find_safetensors_type(tensor.dtype);
  if (!format) {
    fail("io.weight", fmt::format("{}: its number type {} cannot be read; these can: {}. Convert "
                                  "the model.",
                                  tensor.place, tensor.dtype, readable_formats(false)));
  }
  Weight weight{tensor.name, std::string(format->name), 0, 0, tensor.bytes, tensor.owner, true};
  set_shape(weight, tensor.shape, tensor.place);
  return weight;
}

}  // namespace relatum::io
