// Looks corpus formats up by name or by what a file looks like.
#include "task/dataset.h"

#include <fmt/format.h>

#include "base/error.h"

namespace relatum::task {

const DatasetFormat& dataset_format(std::string_view name) {
  std::string known;
  for (const DatasetFormat* format : dataset_formats()) {
    if (format->name == name) return *format;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", format->name);
  }
  fail("task.dataset", fmt::format("data format '{}' is unknown. Known ones: {}.", name, known));
}

const DatasetFormat* sniff_dataset_format(std::string_view file_name,
                                          std::string_view first_bytes) {
  const DatasetFormat* found = nullptr;
  for (const DatasetFormat* format : dataset_formats()) {
    if (!format->sniff || !format->sniff(file_name, first_bytes)) continue;
    if (found) return nullptr;
    found = format;
  }
  return found;
}

}  // namespace relatum::task
