// Names and form of the files in an index folder, shared by what writes and what reads them.
#pragma once

#include <cstdint>

namespace relatum::retrieve {

inline constexpr char kIndexFile[] = "index.faiss";
inline constexpr char kExamplesFile[] = "examples.jsonl";
inline constexpr char kLabelsFile[] = "labels.json";
inline constexpr char kManifestFile[] = "index.json";
/// What index.json's "format" and "version" say.
inline constexpr char kFormatName[] = "relatum-index";
inline constexpr int64_t kFormatVersion = 1;
/// What its embedder's "kind" says of a run's states; without a kind they are an embedder's.
inline constexpr char kRunKind[] = "run";

}  // namespace relatum::retrieve
