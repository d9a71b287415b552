// brat's standoff: NAME.txt and NAME.ann beside it, one pair of files or a folder of them.
#include <filesystem>

#include "base/atomic_file.h"
#include "base/printable.h"
#include "task/brat_form.h"
#include "task/brat_lines.h"
#include "task/dataset.h"

namespace relatum::task {
namespace {

namespace fs = std::filesystem;

void read_pair(const fs::path& file, const std::string& id, RowSink& rows) {
  fs::path text = file, annotation = file;
  text.replace_extension(".txt");
  annotation.replace_extension(".ann");
  rows.in_file(annotation.string());
  std::error_code ignored;
  for (const fs::path& needed : {text, annotation}) {
    if (fs::is_regular_file(needed, ignored)) continue;
    return rows.bad(1, "brat's annotation is two files, and there is no " +
                           printable(needed.filename().string()) + " beside it");
  }
  read_brat(relatum::read_file(text), relatum::read_file(annotation), from_percent(id), rows);
}

void read(std::string_view, RowSink& rows) {
  rows.fatal("brat's annotation is two files, NAME.txt and NAME.ann: name one of them.");
}

bool sniff(std::string_view file_name, std::string_view) {
  if (file_name.ends_with(".ann")) return true;
  if (!file_name.ends_with(".txt")) return false;
  std::error_code ignored;
  return fs::is_regular_file(fs::path(file_name).replace_extension(".ann"), ignored);
}

}  // namespace

const DatasetFormat& dataset_brat() {
  static const DatasetFormat format = {
      .name = "brat",
      .description = "brat's standoff: NAME.txt with NAME.ann, or a folder of such files",
      .sniff = sniff,
      .read = read,
      .documents = true,
      .ending = ".ann",
      .beside = ".txt",
      .read_file = read_pair};
  return format;
}

}  // namespace relatum::task
