// Reads an index folder; every file is checked against index.json, and all against each other.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/hash.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "io/format_version.h"
#include "io/json.h"
#include "io/jsonl.h"
#include "retrieve/store.h"
#include "retrieve/store_files.h"

namespace relatum::retrieve {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

[[noreturn]] void fail_store(const std::string& place, const std::string& what) {
  fail("retrieve.store",
       fmt::format("{}: {}. Make the index again with `relatum index`.", place, what));
}

json read_manifest(const fs::path& folder) {
  const fs::path file = folder / kManifestFile;
  if (!fs::exists(file)) {
    fail("retrieve.store", fmt::format("there is no index at {}: {} is missing. Make one with "
                                       "`relatum index`.",
                                       folder.string(), kManifestFile));
  }
  json manifest = io::load_json(file);
  const std::string place = file.string();
  if (io::require_string(manifest, "format", place) != kFormatName) {
    fail_store(place, fmt::format("its format is not '{}'", kFormatName));
  }
  io::check_format_version(io::require_int(manifest, "version", place), kFormatVersion, place,
                           "make the index again with `relatum index`");
  return manifest;
}

void check_hashes(const fs::path& folder, const json& manifest) {
  const std::string place = (folder / kManifestFile).string();
  const json& files = io::require_object(manifest, "files", place);
  for (const char* name : {kIndexFile, kExamplesFile, kLabelsFile}) {
    if (!fs::is_regular_file(folder / name)) {
      fail_store(folder.string(), fmt::format("{} is missing", name));
    }
    if (sha256_file(folder / name) != io::require_string(files, name, place)) {
      fail_store((folder / name).string(),
                 "it is not the file that index.json was written for; it "
                 "was cut or changed");
    }
  }
}

std::vector<std::string> read_labels(const fs::path& file) {
  const json list = io::load_json(file);
  if (!list.is_array()) fail_store(file.string(), "expected a list of labels");
  std::vector<std::string> labels;
  std::set<std::string> seen;
  for (const json& item : list) {
    if (!item.is_string() || !seen.insert(item.get<std::string>()).second) {
      fail_store(file.string(),
                 fmt::format("label {} is not a string or appears twice", labels.size() + 1));
    }
    labels.push_back(item.get<std::string>());
  }
  return labels;
}

StoredSpan read_span(const json& row, std::string_view key, int64_t length,
                     const std::string& place) {
  const json& value = io::require_object(row, key, place);
  StoredSpan span{io::require_int(value, "start", place), io::require_int(value, "end", place),
                  io::get_string(value, "type", "", place)};
  if (span.start < 0 || span.start >= span.end || span.end > length) {
    fail_store(place, fmt::format("{} from {} to {} lies outside a text of {} characters", key,
                                  span.start, span.end, length));
  }
  return span;
}

StoredExample read_example(const json& row, const std::set<std::string>& labels,
                           const std::string& place) {
  StoredExample example;
  example.id = io::require_string(row, "id", place);
  example.text = io::require_string(row, "text", place);
  example.marked_text = io::require_string(row, "marked_text", place);
  const int64_t length = utf8_length(example.text);
  example.head = read_span(row, "head", length, place);
  example.tail = read_span(row, "tail", length, place);
  if (!io::find(row, "label")) return example;
  example.label = io::require_string(row, "label", place);
  if (!labels.contains(*example.label)) {
    fail_store(place, fmt::format("label '{}' is not in {}", printable_start(*example.label),
                                  kLabelsFile));
  }
  return example;
}

std::vector<StoredExample> read_examples(const fs::path& file,
                                         const std::vector<std::string>& names) {
  const std::set<std::string> labels(names.begin(), names.end());
  std::vector<StoredExample> examples;
  io::JsonlReader reader(file);
  json row;
  while (reader.next(row)) examples.push_back(read_example(row, labels, reader.place()));
  return examples;
}

EmbedderIdentity read_embedder(const json& manifest, const std::string& place) {
  const json& value = io::require_object(manifest, "embedder", place);
  EmbedderIdentity embedder{io::require_string(value, "name", place),
                            io::require_string(value, "hash", place),
                            io::get_string(value, "compute", "f32", place),
                            io::get_string(value, "described", "", place),
                            {},
                            {}};
  const auto prefix = [&](const char* key) -> std::optional<std::string> {
    if (!io::find(value, key)) return std::nullopt;
    return io::require_string(value, key, place);
  };
  embedder.query_prefix = prefix("query_prefix");
  embedder.passage_prefix = prefix("passage_prefix");
  if (!io::find(value, "kind")) return embedder;
  const std::string kind = io::require_string(value, "kind", place);
  if (kind != kRunKind) {
    fail_store(place, fmt::format("its vectors are of the kind '{}', which this version does not "
                                  "know",
                                  printable_start(kind)));
  }
  embedder.run = true;
  return embedder;
}

}  // namespace

Store load_store(const fs::path& folder) {
  const json manifest = read_manifest(folder);
  const std::string place = (folder / kManifestFile).string();
  check_hashes(folder, manifest);
  auto labels = read_labels(folder / kLabelsFile);
  auto examples = read_examples(folder / kExamplesFile, labels);
  Store store{read_embedder(manifest, place), std::move(labels), std::move(examples),
              Index::load(folder / kIndexFile), sha256_file(folder / kManifestFile)};
  const int64_t count = io::require_int(manifest, "count", place);
  const int64_t dimension = io::require_int(manifest, "dimension", place);
  if (store.index.size() != count || int64_t(store.examples.size()) != count ||
      store.index.dimension() != dimension) {
    fail_store(place, fmt::format("{} rows of dimension {} are promised, but there are {} examples "
                                  "and {} vectors of dimension {}",
                                  count, dimension, store.examples.size(), store.index.size(),
                                  store.index.dimension()));
  }
  return store;
}

}  // namespace relatum::retrieve
