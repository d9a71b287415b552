// The retriever's database on disk: a folder with vectors, examples, labels and their origin.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "retrieve/index.h"

namespace relatum::retrieve {

/// An entity's place in the text, in Unicode code points, `end` exclusive.
struct StoredSpan {
  int64_t start = 0, end = 0;
  std::string type;  ///< empty where unknown
};

/// What is kept of one example; row i of the index is its embedding.
struct StoredExample {
  std::string id, text;  ///< text: plain, as it was embedded
  StoredSpan head, tail;
  std::optional<std::string> label;
  std::string marked_text;  ///< for readers of the file
};

/// Which embedder made the vectors.
struct EmbedderIdentity {
  std::string name;     ///< e.g. "all-minilm-l6-v2"; of a run its folder, seen from the index
  std::string hash;     ///< SHA-256 of its weight files
  std::string compute;  ///< "f32" or "bf16", for the record
  /// Pooling, what follows it, longest row (Embedder::described()); empty in older indexes.
  std::string described{};
  /// In front of what is looked up, and of the stored texts; nothing in older indexes, where it is
  /// the model's default prompt.
  std::optional<std::string> query_prefix{}, passage_prefix{};
  bool run = false;  ///< the vectors are states of a run of `finetune`
};

struct Store {
  EmbedderIdentity embedder;
  std::vector<std::string> labels;  ///< the inventory, in its order
  std::vector<StoredExample> examples;
  Index index;
  std::string hash;  ///< of index.json, which holds the other files' hashes; set by load_store
};

/// Names of the files in an index folder.
std::span<const char* const> store_files();
/// Whether `folder` holds an index (by its index.json's "format"); never throws.
bool is_store(const std::filesystem::path& folder);
/// Throws Error where save_store would refuse: the path is a file, or a folder that holds other
/// things than an index. To be asked before the long work.
void check_store_target(const std::filesystem::path& folder);
/// Writes index.faiss, examples.jsonl, labels.json and index.json. The folder appears whole or
/// not at all; an index that was there is replaced in one step.
void save_store(const std::filesystem::path& folder, const Store& store);
/// Throws Error with file and place: a missing or changed file, counts or dimensions that
/// disagree, spans outside the text, a label that the inventory lacks.
Store load_store(const std::filesystem::path& folder);
/// Throws Error that names both embedders where the hash is not the store's.
void check_embedder(const Store& store, const std::string& name, const std::string& hash,
                    const std::filesystem::path& folder);
/// Throws Error that names both where pooling, what follows it or the longest row are others than
/// the store's. `described`: Embedder::described().
void check_described(const Store& store, const std::string& name, const std::string& described,
                     const std::filesystem::path& folder);

}  // namespace relatum::retrieve
