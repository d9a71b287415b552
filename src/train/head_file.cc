// Checks shapes, then values.
#include "train/head_file.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "base/error.h"
#include "tensor/finite.h"

namespace relatum::train {

HeadFile::HeadFile(const std::filesystem::path& path, std::string what)
    : file_(io::Safetensors::open(path)), what_(std::move(what)) {}

std::vector<float> HeadFile::read(const char* name, const std::vector<int64_t>& shape) const {
  const io::SafetensorsTensor* found = file_.find(name);
  if (!found || found->dtype != "F32" || found->shape != shape) {
    fail("train.classifier",
         fmt::format("{}: expected a tensor '{}' of F32 for {}, as the run and its base ask for. "
                     "Restore the file that the run wrote.",
                     file_.path().string(), name, what_));
  }
  std::vector<float> values(found->bytes.size() / sizeof(float));
  std::memcpy(values.data(), found->bytes.data(), found->bytes.size());
  if (!all_finite(values)) {
    fail("train.classifier", fmt::format("{}: '{}' holds numbers that are not finite. Train it "
                                         "again, with a smaller --lr.",
                                         file_.path().string(), name));
  }
  return values;
}

Weight view_of(const std::string& name, std::span<const float> values, int64_t rows) {
  return {name, "f32", rows, int64_t(values.size()) / rows, std::as_bytes(values), nullptr, false};
}

}  // namespace relatum::train
