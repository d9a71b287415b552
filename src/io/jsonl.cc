// Splits a stream into lines and parses each as JSON.
#include "io/jsonl.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/mapped_file.h"
#include "io/json.h"
#include "io/text_file.h"

namespace relatum::io {

JsonlReader::JsonlReader(const std::filesystem::path& path) : name_(path.string()) {
  require_file(path);
  file_ = std::make_unique<std::ifstream>(path, std::ios::binary);
  stream_ = file_.get();
  if (!*file_) {
    fail("io.jsonl", fmt::format("cannot open {}: {}. Check the path and its permissions.", name_,
                                 std::strerror(errno)));
  }
}

JsonlReader::JsonlReader(std::istream& stream, std::string name)
    : stream_(&stream), name_(std::move(name)) {}

JsonlReader::~JsonlReader() = default;

bool JsonlReader::next_line(std::string& line) {
  while (std::getline(*stream_, line)) {
    ++line_;
    if (line_ == 1) line.erase(0, line.size() - without_mark(line).size());
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t\r") != std::string::npos) return true;
  }
  if (stream_->bad()) {
    fail("io.jsonl",
         fmt::format("cannot read {} after line {}: {}.", name_, line_, std::strerror(errno)));
  }
  return false;
}

bool JsonlReader::next(nlohmann::json& row) {
  std::string line;
  if (!next_line(line)) return false;
  row = parse_json(line, place());
  return true;
}

std::string JsonlReader::place() const { return fmt::format("{}:{}", name_, line_); }

void JsonlWriter::write(const nlohmann::json& row) {
  file_.write(dump_json(row));
  file_.write("\n");
}

}  // namespace relatum::io
