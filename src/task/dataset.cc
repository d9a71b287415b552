// Looks corpus formats up by name or by what a file looks like.
#include "task/dataset.h"

#include "base/error.h"
#include "base/known_names.h"

namespace relatum::task {

const DatasetFormat& dataset_format(std::string_view name) {
  for (const DatasetFormat* format : dataset_formats()) {
    if (format->name == name) return *format;
  }
  fail("task.dataset", unknown_name("data format", name, names_of(dataset_formats())));
}

const DatasetFormat* sniff_dataset_format(std::string_view file_name,
                                          std::string_view first_bytes) {
  const DatasetFormat* found = nullptr;
  for (const DatasetFormat* format : dataset_formats()) {
    if (!format->sniff || !format->sniff(file_name, first_bytes)) continue;
    // Other programs' rows with a text look like ours as well.
    const bool ours = format->name == "jsonl";
    if (found && !ours && found->name != "jsonl") return nullptr;
    if (!found || !ours) found = format;
  }
  return found;
}

}  // namespace relatum::task
