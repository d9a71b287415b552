// Writes an index folder beside its place and moves it there in one step.
#include "retrieve/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/durable.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/printable.h"
#include "base/whole_folder.h"
#include "io/json.h"
#include "io/jsonl.h"
#include "retrieve/store_files.h"

namespace relatum::retrieve {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kFiles[] = {kIndexFile, kExamplesFile, kLabelsFile, kManifestFile};

json span_json(const StoredSpan& span) {
  json value = {{"start", span.start}, {"end", span.end}};
  if (!span.type.empty()) value["type"] = span.type;
  return value;
}

void write_examples(const fs::path& file, const std::vector<StoredExample>& examples) {
  io::JsonlWriter writer(file);
  for (const StoredExample& example : examples) {
    json row = {{"id", example.id},
                {"text", example.text},
                {"head", span_json(example.head)},
                {"tail", span_json(example.tail)},
                {"marked_text", example.marked_text}};
    if (example.label) row["label"] = *example.label;
    writer.write(row);
  }
  writer.commit();
}

json embedder_json(const EmbedderIdentity& embedder) {
  json value = {{"name", embedder.name}, {"hash", embedder.hash}, {"compute", embedder.compute}};
  if (!embedder.described.empty()) value["described"] = embedder.described;
  if (embedder.query_prefix) value["query_prefix"] = *embedder.query_prefix;
  if (embedder.passage_prefix) value["passage_prefix"] = *embedder.passage_prefix;
  if (embedder.run) value["kind"] = kRunKind;
  return value;
}

void write_files(const fs::path& folder, const Store& store) {
  store.index.save(folder / kIndexFile);
  write_examples(folder / kExamplesFile, store.examples);
  write_file(folder / kLabelsFile, io::dump_json(json(store.labels), 2) + "\n");
  json hashes;
  for (const char* name : {kIndexFile, kExamplesFile, kLabelsFile}) {
    hashes[name] = sha256_file(folder / name);
  }
  const json manifest = {{"format", kFormatName},
                         {"version", kFormatVersion},
                         {"count", store.index.size()},
                         {"dimension", store.index.dimension()},
                         {"files", hashes},
                         {"embedder", embedder_json(store.embedder)}};
  write_file(folder / kManifestFile, io::dump_json(manifest, 2) + "\n");
}

}  // namespace

std::span<const char* const> store_files() { return kFiles; }

bool is_store(const fs::path& folder) {
  try {
    const fs::path file = folder / kManifestFile;
    if (!fs::is_regular_file(file)) return false;
    return io::get_string(io::load_json(file), "format", "", file.string()) == kFormatName;
  } catch (const std::exception&) {
    return false;
  }
}

void check_store_target(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status)) {
    fail("retrieve.store", fmt::format("{} is a file, not a folder. Name another place for the "
                                       "index.",
                                       folder.string()));
  }
  fs::directory_iterator entries(folder, error);
  if (error) fail_write(folder, error.value());
  bool empty = true;
  for (const auto& entry : entries) {
    empty = false;
    const std::string name = entry.path().filename().string();
    if (std::find(std::begin(kFiles), std::end(kFiles), name) != std::end(kFiles)) continue;
    fail("retrieve.store", fmt::format("{} holds '{}', which is no part of an index, and would be "
                                       "replaced. Name another folder.",
                                       folder.string(), name));
  }
  if (!empty && !is_store(folder)) {
    fail("retrieve.store", fmt::format("{} holds files, but its {} is not that of an index. Name "
                                       "another folder.",
                                       folder.string(), kManifestFile));
  }
}

void save_store(const fs::path& folder, const Store& store) {
  RELATUM_CHECK(store.index.size() == int64_t(store.examples.size()));
  check_store_target(folder);
  WholeFolder whole(folder);
  write_files(whole.path(), store);
  whole.commit();
}

void check_embedder(const Store& store, const std::string& name, const std::string& hash,
                    const fs::path& folder) {
  if (store.embedder.hash == hash) return;
  fail("retrieve.store",
       fmt::format("{} was made with embedder '{}' ({:.12}), not with '{}' "
                   "({:.12}): their vectors cannot be compared. Use the one it "
                   "was made with, or make the index again.",
                   folder.string(), store.embedder.name, store.embedder.hash, name, hash));
}

void check_described(const Store& store, const std::string& name, const std::string& described,
                     const fs::path& folder) {
  const std::string& kept = store.embedder.described;
  if (kept.empty() || kept == described) return;
  fail("retrieve.store",
       fmt::format("{} was made with embedder '{}' as '{}', but the files of '{}' "
                   "now say '{}': their vectors cannot be compared. Use them as "
                   "they were, or make the index again.",
                   folder.string(), store.embedder.name, printable_start(kept), name, described));
}

}  // namespace relatum::retrieve
