// A merged model as a folder that transformers opens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "jobs/merged_linears.h"
#include "jobs/merged_modules.h"

namespace relatum::jobs {

/// Beside the weights: what it was made of; only a folder with it may be replaced.
inline constexpr const char* kMergeRecord = "merge.json";

/// What is other than in the base.
struct Merged {
  const MergedLinears& linears;
  const MergedModules& modules;
};

struct FolderTarget {
  std::filesystem::path out;
  std::string type;  ///< f32, f16 or bf16; empty: each tensor's own, and what was quantised gets
                     ///< the embedding's
  std::map<std::string, std::string> files;  ///< further small files by name
};

struct FolderSizes {
  uint64_t bytes_before = 0, bytes = 0;  ///< of all tensors
};

/// Writes the base's tensors, merged where they are linears', into as many files of the same names,
/// the adapter's own head and embeddings in the place of or beside the base's, and its other files;
/// config.json says where head and embedding are no longer one. The folder appears whole or not at
/// all, in the place of one that is there. Tensors pass through memory in pieces. Nothing where the
/// context stopped it. Throws Error for values that the type cannot hold.
std::optional<FolderSizes> write_merged_folder(const arch::ModelFiles& files, const Merged& merged,
                                               const FolderTarget& target, const Context& context);

}  // namespace relatum::jobs
