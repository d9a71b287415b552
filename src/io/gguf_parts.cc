// Names of parts, and how the tensors of all come under one table.
#include "io/gguf_parts.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "base/error.h"
#include "base/printable.h"
#include "io/gguf.h"

namespace relatum::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOf = "-of-";
constexpr size_t kDigits = 5;  // of each number, as llama-gguf-split writes them

std::optional<int64_t> number_in(std::string_view text) {
  int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

[[noreturn]] void fail_part(const fs::path& file, const std::string& what) {
  fail("io.gguf", fmt::format("{}: {}", file.string(), what));
}

}  // namespace

std::optional<GgufPartName> gguf_part_name(const fs::path& path) {
  if (path.extension() != ".gguf") return std::nullopt;
  const std::string stem = path.stem().string();
  constexpr size_t kEnd = 1 + kDigits + kOf.size() + kDigits;  // "-00002-of-00003"
  if (stem.size() <= kEnd) return std::nullopt;
  const std::string_view end = std::string_view(stem).substr(stem.size() - kEnd);
  if (end[0] != '-' || end.substr(1 + kDigits, kOf.size()) != kOf) return std::nullopt;
  const auto number = number_in(end.substr(1, kDigits));
  const auto count = number_in(end.substr(1 + kDigits + kOf.size()));
  if (!number || !count || *number < 1 || *number > *count) return std::nullopt;
  return GgufPartName{stem.substr(0, stem.size() - kEnd), *number, *count};
}

fs::path gguf_part_path(const fs::path& part, int64_t number) {
  const auto name = gguf_part_name(part);
  RELATUM_CHECK(name.has_value());
  return part.parent_path() /
         fmt::format("{}-{:05}-of-{:05}.gguf", name->model, number, name->count);
}

int64_t GgufFile::read_part_count() const {
  const int64_t count = get_int("split.count", 1);
  if (count <= 1) return 1;
  const auto name = gguf_part_name(path());
  if (!name) {
    fail_part(path(), fmt::format("it is one of {} parts of a model, but its name does not say "
                                  "which (NAME-00001-of-{:05}.gguf). Give the parts the names that "
                                  "they were written with, or join them with llama-gguf-split "
                                  "--merge.",
                                  count, count));
  }
  const int64_t before = get_int("split.no");
  if (before < 0 || before >= count) {
    fail_part(path(), fmt::format("it says that it is part {} of {}, counted from 0 "
                                  "(split.no, split.count). Fetch it again.",
                                  before, count));
  }
  const int64_t number = before + 1;
  if (name->count != count || name->number != number) {
    fail_part(path(), fmt::format("by its name it is part {} of {}, but it says that it is part {} "
                                  "of {}. Give it the name that it was written with.",
                                  name->number, name->count, number, count));
  }
  return count;
}

void GgufFile::join_parts() {
  const int64_t count = read_part_count();
  files_ = {path()};
  if (count == 1) return;
  if (gguf_part_name(path())->number != 1) {
    fail_part(path(), fmt::format("it is part {} of {} of a model. Name the first part, {}.",
                                  get_int("split.no") + 1, count,
                                  gguf_part_path(path(), 1).filename().string()));
  }
  for (int64_t number = 2; number <= count; ++number) {
    const fs::path file = gguf_part_path(path(), number);
    if (!fs::exists(file)) {
      fail_part(file, fmt::format("part {} of {} is missing beside {}. Fetch all parts into one "
                                  "folder.",
                                  number, count, path().filename().string()));
    }
    add_part(open_one(file), count);
  }
  const int64_t total = get_int("split.tensors.count", int64_t(tensors_.size()));
  if (total == int64_t(tensors_.size())) return;
  fail_part(path(), fmt::format("the model has {} tensors by its split.tensors.count, but its {} "
                                "parts hold {}. Fetch the parts again.",
                                total, count, tensors_.size()));
}

void GgufFile::add_part(const GgufFile& part, int64_t count) {
  if (part.get_int("split.count", 1) != count) {
    fail_part(part.path(),
              fmt::format("it says that its model has {} parts, but {} says {}. Fetch "
                          "all parts of one model again.",
                          part.get_int("split.count", 1), path().filename().string(), count));
  }
  part.read_part_count();
  files_.push_back(part.path());
  for (const GgufTensor& tensor : part.tensors_) {
    if (!names_.emplace(tensor.name, tensors_.size()).second) {
      fail_part(part.path(), fmt::format("tensor '{}' stands in an earlier part, too. Fetch all "
                                         "parts of one model again.",
                                         printable_start(tensor.name)));
    }
    tensors_.push_back(tensor);
  }
}

}  // namespace relatum::io
